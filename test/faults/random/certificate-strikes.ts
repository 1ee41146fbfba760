import { setTimeout as delay } from 'node:timers/promises';
import type { Daemon } from '../../support/daemon.ts';
import type { FaultCertificates } from '../../support/fault-certificates.ts';
import type { CertificateFiles } from '../../support/https-call.ts';
import type { Scene, Strike } from './strike.ts';

interface Owner {
  readonly what: 'agent' | 'hub';
  readonly daemon: Daemon;
  readonly files: CertificateFiles;
  readonly certificates: FaultCertificates;
}

/** At the certificate of one process, which has it renewed, or finds it broken for a while. */
export function createCertificateStrikes({
  what,
  daemon,
  files,
  certificates,
}: Owner): readonly [Strike<Scene>, ...Strike<Scene>[]] {
  return [
    { name: `${what} certificate renewed`, strike: () => certificates.renew(files) },
    {
      name: `${what} certificate renewed, then ${what} killed`,
      async strike() {
        await certificates.renew(files);
        await daemon.kill();
        daemon.launch();
      },
    },
    {
      name: `${what} killed, then certificate renewed`,
      async strike() {
        await daemon.kill();
        daemon.launch();
        await certificates.renew(files);
      },
    },
    {
      name: `${what} certificate torn`,
      async strike({ dice }) {
        using _torn = certificates.tear(files);
        await delay(dice.below(3_000));
      },
    },
    {
      name: `${what} certificate torn, and ${what} killed`,
      async strike({ dice }) {
        {
          using _torn = certificates.tear(files);
          await daemon.kill();
          const started = daemon.launch();
          await Promise.race([started.ended, delay(dice.below(3_000))]);
        }
        await certificates.renew(files);
        await daemon.kill();
        daemon.launch();
      },
    },
  ];
}
