import type { JWK } from 'jose';
import { z } from 'zod';
import { isLoopback } from '../../../runtime/configuration/loopback.ts';
import { fetchJson } from './fetch-json.ts';
import { OidcError } from './oidc-error.ts';
import { isUsableKey } from './signature-algorithms.ts';

/** What is read of OpenID Connect Discovery 1.0, §3. */
const Discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });

const maxKeys = 100;
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(maxKeys) });

export interface IssuerAnswer {
  /** Public keys for signatures, of kinds that this hub takes. At least one. */
  readonly keys: readonly JWK[];
  /** How far the issuer's clock is ahead of `now`; null where it does not tell. It counts whole seconds. */
  readonly aheadMs: number | null;
}

/**
 * Asks an issuer where its keys are, then for the keys. They come from where TLS says that they do: an address in plain text is
 * taken only of an issuer on this machine. Rejects with `OidcError`.
 */
export async function fetchIssuerKeys(
  issuer: string,
  {
    now,
    ...how
  }: { readonly fetch: typeof globalThis.fetch; readonly signal: AbortSignal; readonly now: () => number },
): Promise<IssuerAnswer> {
  const place = new URL(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`);
  const { value, date } = await fetchJson(place, how);
  const aheadMs = date === null || Number.isNaN(Date.parse(date)) ? null : Date.parse(date) - now();
  const found = Discovery.safeParse(value).data;
  if (found === undefined)
    throw new OidcError('answer-invalid', `${place.href}: expected a JSON object with issuer and jwks_uri`);
  if (found.issuer !== issuer) {
    throw new OidcError(
      'answer-invalid',
      `${place.href}: expected the issuer ${issuer}, got ${found.issuer.slice(0, 200)}; FARHAND_OIDC_ISSUER is compared to the letter`,
    );
  }
  const keysPlace = toKeysPlace(found.jwks_uri, new URL(issuer));
  if (keysPlace === null) {
    throw new OidcError('answer-invalid', `${place.href}: expected a jwks_uri that begins with https://`);
  }
  const keySet = KeySet.safeParse((await fetchJson(keysPlace, how)).value).data;
  if (keySet === undefined) {
    throw new OidcError('answer-invalid', `${keysPlace.href}: expected a JSON object with up to ${maxKeys} keys`);
  }
  const keys = keySet.keys.filter(isUsableKey);
  if (keys.length === 0) {
    throw new OidcError(
      'no-usable-keys',
      `${keysPlace.href}: expected a public key for signatures (RSA, P-256 or Ed25519), got none among ${keySet.keys.length}`,
    );
  }
  return { keys, aheadMs };
}

function toKeysPlace(text: string, issuer: URL): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (url.protocol === 'https:') return url;
  const isLocal = issuer.protocol === 'http:' && isLoopback(url.hostname);
  return url.protocol === 'http:' && isLocal ? url : null;
}
