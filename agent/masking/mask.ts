import type { Secrets } from '../../protocol/job-document.ts';
import { createMasker } from './masker.ts';

/** `mask(raw, secrets)`: the whole stream at once. */
export function mask(raw: Uint8Array, secrets: Secrets): Uint8Array {
  const masker = createMasker(secrets);
  return Buffer.concat([masker.push(raw), masker.end()]);
}
