/**
 * Why a connection came to nothing before it was known who asks:
 *
 * - `plaintext`: it spoke plaintext, and the hub speaks TLS
 * - `tls`: the reverse
 * - `timeout`: it did not say in time what it wants
 * - `crowded-address`, `crowded`: it made room for another one, because too many of whom nobody knows who they are came from its address, or from all together
 * - `client-certificate-missing`, `-expired`, `-untrusted` (of none of the CAs that count here), `-invalid` (anything else)
 * - `certificate-refused`: the other side does not take the hub's certificate
 * - `handshake`: TLS found nothing in common, or what came is no TLS
 * - `gone`: it ended in the handshake. Some clients go like this when they do not take the hub's certificate
 */
export const connectionRefusals = [
  'plaintext',
  'tls',
  'timeout',
  'crowded-address',
  'crowded',
  'client-certificate-missing',
  'client-certificate-expired',
  'client-certificate-untrusted',
  'client-certificate-invalid',
  'certificate-refused',
  'handshake',
  'gone',
] as const;

export type ConnectionRefusal = (typeof connectionRefusals)[number];
