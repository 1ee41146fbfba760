import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export type DoctorRole = 'client' | 'agent' | 'hub';

/** Whom the environment is meant for, and by what that is told. What is said of an agent counts before what is said of a hub. */
export function guessRole(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): { readonly role: DoctorRole; readonly why: string } {
  const isSet = (name: string) => !['', undefined].includes(environment[name]);
  const first = (...names: readonly string[]) => names.find(isSet);
  const agent = first(
    'FARHAND_JOIN_TOKEN',
    'FARHAND_JOIN_TOKEN_FILE',
    'FARHAND_AUTOMATIONS',
    'FARHAND_NAME',
    'FARHAND_LABELS',
  );
  if (agent !== undefined) return { role: 'agent', why: `${agent} is set` };
  const hub = first(
    'FARHAND_LISTEN',
    'FARHAND_ADMIN_TOKEN',
    'FARHAND_ADMIN_TOKEN_FILE',
    'FARHAND_LOST_AFTER_SECONDS',
    'FARHAND_TLS_CLIENT_CA',
    'FARHAND_OIDC_ISSUER',
  );
  if (hub !== undefined) return { role: 'hub', why: `${hub} is set` };
  const data = environment['FARHAND_DATA'];
  if (data !== undefined && data !== '') {
    const root = resolve(folder, data);
    if (existsSync(join(root, 'hub.sqlite'))) return { role: 'hub', why: `${data} is the data folder of a hub` };
    if (existsSync(join(root, 'agent.key'))) return { role: 'agent', why: `${data} is the data folder of an agent` };
    const url = environment['FARHAND_HUB_URL'];
    return url === undefined || url === ''
      ? { role: 'hub', why: 'FARHAND_DATA is set' }
      : { role: 'agent', why: 'FARHAND_DATA and FARHAND_HUB_URL are set' };
  }
  return { role: 'client', why: 'nothing is set that an agent or a hub alone reads' };
}
