import type { SecureContext } from 'node:tls';
import type { TlsHints } from './tls-fault.ts';

/** Which servers are believed, and who we are to them. */
export interface ServerTrust {
  /** What the next connection takes: looked at before each. */
  context(): SecureContext;
  /** The name that their certificates must have; null for that of the address. */
  readonly serverName: string | null;
  /** False: whoever answers is believed. */
  readonly verifies: boolean;
  /** Whether a certificate of ours is shown to whoever asks for one. */
  readonly hasClientCertificate: boolean;
  readonly hints: TlsHints;
}
