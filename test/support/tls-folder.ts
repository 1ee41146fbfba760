import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientCertificates, TlsOptions } from '../../hub/tls/tls-options.ts';
import { type Authority, createAuthority, type ServerCertificate } from './certificates.ts';

/** The TLS files of a hub in a folder of their own, and CAs that sign what a test needs. */
export interface TlsFolder extends Disposable {
  readonly path: string;
  readonly authority: Authority;
  /** Of clients. Its certificates are good for nothing else. */
  readonly clientAuthority: Authority;
  readonly files: TlsOptions;
  /** Puts this pair in the place of the one that is there. */
  write(pair: ServerCertificate): void;
}

const names = 'DNS:localhost,IP:127.0.0.1';

export function createTlsFolder({
  clientCertificates = 'none',
}: {
  readonly clientCertificates?: ClientCertificates;
} = {}): TlsFolder {
  const path = mkdtempSync(join(tmpdir(), 'farhand-tls-'));
  const at = (name: string) => join(path, name);
  for (const name of ['ca', 'clients']) mkdirSync(at(name));
  const authority = createAuthority(at('ca'));
  const clientAuthority = createAuthority(at('clients'));
  const write = (pair: ServerCertificate) => {
    for (const [name, text] of Object.entries({ 'hub.pem': pair.cert, 'hub.key': pair.key })) {
      writeFileSync(at(`${name}.new`), text);
      renameSync(at(`${name}.new`), at(name));
    }
  };
  write(authority.issue({ names, days: 100 }));
  return {
    path,
    authority,
    clientAuthority,
    files: {
      certificatePath: at('hub.pem'),
      keyPath: at('hub.key'),
      clientCaPath: clientCertificates === 'none' ? null : clientAuthority.path,
      clientCertificates,
    },
    write,
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}
