import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFiles } from './https-call.ts';
import { runCommand } from './run-command.ts';

/** The certificates of a fault place, made by `farhand certs`. */
export interface FaultCertificates {
  /** Of everybody's. */
  readonly ca: string;
  readonly hub: CertificateFiles;
  readonly client: CertificateFiles;
  /** Makes one for an agent of this name. */
  makeAgent(name: string): Promise<CertificateFiles>;
  /** As `farhand certs renew` does: another key and certificate in the same place. */
  renew(files: CertificateFiles): Promise<void>;
  /** What somebody leaves who writes over the file and dies in the middle; whole again when disposed. */
  tear(files: CertificateFiles): Disposable;
}

/** `hubNames`: what the hub is dialled by. */
export async function makeFaultCertificates(folder: string, hubNames: readonly string[]): Promise<FaultCertificates> {
  const certs = async (...args: readonly string[]) => {
    const { exitCode, stderr } = await runCommand(['certs', ...args], { folder });
    if (exitCode !== 0) throw new Error(`farhand certs ${args.join(' ')}: ${stderr}`);
  };
  const at = (name: string): CertificateFiles => ({
    certificate: join(folder, 'certs', `${name}.pem`),
    key: join(folder, 'certs', `${name}.key`),
  });
  await certs('ca');
  await certs('hub', ...hubNames);
  await certs('client', 'tester');
  return {
    ca: at('ca').certificate,
    hub: at('hub'),
    client: at('client-tester'),
    async makeAgent(name) {
      await certs('agent', name);
      return at(`agent-${name}`);
    },
    renew: ({ certificate }) => certs('renew', certificate),
    tear({ certificate }) {
      const whole = readFileSync(certificate);
      writeFileSync(certificate, whole.subarray(0, whole.length / 2));
      return { [Symbol.dispose]: () => writeFileSync(certificate, whole) };
    },
  };
}
