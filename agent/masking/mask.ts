import type { Secrets } from '../../protocol/job-document.ts';
import { createMasker } from './masker.ts';

/** `mask(raw, secrets)`: the whole stream at once. */
export function mask(raw: Uint8Array, secrets: Secrets): Uint8Array {
  const masker = createMasker(secrets);
  return Buffer.concat([masker.push(raw), masker.end()]);
}

/** The same for a text, such as an error message. */
export function maskText(text: string, secrets: Secrets): string {
  return Buffer.from(mask(Buffer.from(text), secrets)).toString();
}
