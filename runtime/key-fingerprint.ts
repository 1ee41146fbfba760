import { createHash } from 'node:crypto';

/** Names a public key (SPKI in base64) by its SHA-256, in the form that OpenSSH gave it. */
export function toKeyFingerprint(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}
