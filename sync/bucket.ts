import { hash } from 'node:crypto';
import { z } from 'zod';

/** A bucket is a prefix of the id's hash, of at most so many bits. */
const maxPrefixBits = 16;
export const maxBuckets = 2 ** maxPrefixBits;

/** A power of two, so that a bucket splits into whole finer ones. */
export const BucketCount = z
  .int()
  .min(1)
  .max(maxBuckets)
  .refine((of) => Number.isInteger(Math.log2(of)), 'expected a power of two');

/** The first bits of the id's hash: two sides that never spoke agree on who belongs where. */
export function toPrefix(id: string): number {
  return hash('sha256', id, 'buffer').readUInt16BE(0);
}

/** Which of `of` buckets a prefix falls into. */
export function toBucket(prefix: number, of: number): number {
  return Math.floor((prefix * of) / maxBuckets);
}
