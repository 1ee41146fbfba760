import type { JWK } from 'jose';

/**
 * How tokens may be signed: by a private key, always. `none` and what is signed by a shared secret are in no list, so that a public key is
 * never taken for one. `Ed25519` is a later name of `EdDSA` (RFC 9864).
 */
export const signatureAlgorithms: readonly string[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** Whether a key of an issuer can have signed like that, and is the public half. */
export function isUsableKey(key: JWK): boolean {
  const { kty, crv, use, alg, d } = key;
  const isKind = kty === 'RSA' || (kty === 'EC' && crv === 'P-256') || (kty === 'OKP' && crv === 'Ed25519');
  return (
    isKind &&
    d === undefined &&
    (use === undefined || use === 'sig') &&
    (alg === undefined || signatureAlgorithms.includes(alg))
  );
}
