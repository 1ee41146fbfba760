import { createHmac } from 'node:crypto';
import type { JobRequest } from '../../protocol/job.ts';
import type { JsonValue } from '../../protocol/json.ts';
import type { SecretKey } from '../identity/secret-key.ts';

/** A job, or another job like that one. */
export type DigestedRequest = JobRequest | { readonly rerun: string; readonly secrets: JobRequest['secrets'] };

/** The same for requests that ask for the same, however they were written down. */
export type DigestRequest = (request: DigestedRequest) => string;

/** Keyed, because the secrets are part of the request: a plain hash in the store could be used to guess them. */
export function createRequestDigest(secretKey: SecretKey): DigestRequest {
  const key = secretKey.derive('request-digests');
  return (request) =>
    createHmac('sha256', key)
      .update(canonical(request as unknown as JsonValue))
      .digest('hex');
}

function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
