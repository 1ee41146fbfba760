import { toNeedles } from '../../../agent/masking/needles.ts';
import type { Secrets } from '../../../protocol/job-document.ts';

/** The definition of the stream, as plain as it can be said: mark what any needle covers, then write each run as `***`. */
export function referenceMask(raw: Uint8Array, secrets: Secrets): Buffer {
  const text = Buffer.from(raw);
  const covered = new Uint8Array(text.length);
  for (const needle of toNeedles(secrets)) {
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
      covered.fill(1, at, at + needle.length);
    }
  }
  const stream: number[] = [];
  text.forEach((byte, at) => {
    if (covered[at] === 0) stream.push(byte);
    else if (at === 0 || covered[at - 1] === 0) stream.push(0x2a, 0x2a, 0x2a);
  });
  return Buffer.from(stream);
}
