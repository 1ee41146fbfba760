import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Reads a public key as agents send it: Ed25519, SPKI, base64. Null for anything else. */
export function parseAgentKey(base64: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

const signatureBytes = 64;

/** `signature` is base64 or base64url. */
export function isSignedBy(key: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.length === signatureBytes && verify(null, Buffer.from(text), key, bytes);
}
