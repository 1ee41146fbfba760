import type { ListenAddress } from '../runtime/configuration/formats.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

interface DaemonPlaces {
  readonly role: 'hub' | 'agent';
  readonly listen: ListenAddress | null;
  readonly data: string;
}

/** What says where each listens. */
const listenKeys = {
  hub: { variable: 'FARHAND_LISTEN', flag: '--listen' },
  agent: { variable: 'FARHAND_STATUS_LISTEN', flag: '--status-listen' },
} as const;

/** Why a daemon did not start, with what to do about it. Told apart by `code` alone, so that nothing heavy is loaded for it. */
export function toStartFailure(error: unknown, { role, listen, data }: DaemonPlaces): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const { variable, flag } = listenKeys[role];
  switch (error.code) {
    case 'EADDRINUSE':
      return new Failure(exitCodes.usage, `${listen?.host}:${listen?.port} is taken by another program`, [
        `Is one running already? Otherwise choose another address (${variable}): ${flag} 127.0.0.1:0 takes any free port.`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'ENOENT':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EEXIST':
    case 'ENOTDIR':
    case 'ENOSPC':
    case 'EDQUOT':
      return new Failure(exitCodes.usage, error.message, [
        `See ${variable} and FARHAND_DATA; \`farhand doctor --${role}\` looks at both`,
      ]);
    case 'locked':
      return new Failure(exitCodes.usage, error.message, [
        `The data folder is ${data} (FARHAND_DATA, --data); \`farhand doctor\` tells which process holds it`,
      ]);
    case 'data-folder':
      return new Failure(exitCodes.usage, error.message, [
        `The data folder is ${data} (FARHAND_DATA, --data); \`farhand doctor --agent\` looks at it`,
      ]);
    case 'broken':
    case 'full':
      return new Failure(exitCodes.usage, error.message, [
        `The data folder is ${data} (FARHAND_DATA, --data); \`farhand doctor --hub\` looks at it and at its disk`,
      ]);
    case 'newer-version':
      return new Failure(exitCodes.usage, error.message, ['`farhand --version` says which this is']);
    case 'key-invalid':
    case 'token-invalid':
      return new Failure(exitCodes.usage, error.message, ['`farhand doctor --hub` looks at the data folder']);
    case 'tls-unreadable':
    case 'tls-certificate-invalid':
    case 'tls-key-invalid':
    case 'tls-client-ca-invalid':
    case 'tls-mismatch':
      return new Failure(exitCodes.usage, error.message, ['`farhand doctor --hub` looks at the TLS files']);
    case 'not-enrolled':
      return new Failure(exitCodes.usage, error.message, [
        'A token: `farhand token create --join`, where you can reach the hub as its administrator',
      ]);
    case 'enrolment-refused':
      return new Failure(exitCodes.refused, error.message, [
        'The names that are taken: `farhand agents`, where you can reach the hub; `farhand doctor --agent` looks from here',
      ]);
    case 'join-token-refused':
      return new Failure(exitCodes.refused, error.message, [
        'A new token: `farhand token create --join`, where you can reach the hub as its administrator',
      ]);
    default:
      return error;
  }
}
