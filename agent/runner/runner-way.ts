import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Names in the folder of a Secret, as cert-manager and `kubectl create secret tls` have them, and the variables that say the same. */
const wayFiles = {
  proxy: 'FARHAND_PROXY_FILE',
  'tls.crt': 'FARHAND_TLS_CERT',
  'tls.key': 'FARHAND_TLS_KEY',
  'ca.crt': 'FARHAND_TLS_CA',
} as const;

/** What the files of that folder say of the way to the hub, as variables: those that are there count. */
export function readWay(folder: string): Readonly<Record<string, string>> {
  const found = Object.entries(wayFiles).map(([file, variable]) => [variable, join(folder, file)] as const);
  return Object.fromEntries(found.filter(([, path]) => existsSync(path)));
}
