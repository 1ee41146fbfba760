import { hash } from 'node:crypto';
import { z } from 'zod';
import { BucketCount, maxBuckets, toBucket, toPrefix } from './bucket.ts';

/** What a side holds of one resource: the version of a spec or the hash of a status. */
export interface HeldValue {
  readonly id: string;
  readonly value: string;
}

const sumBytes = 8;
const wordBytes = 4;
const entriesPerBucket = 16;

/** Sums of everything a side holds, by bucket: eight bytes each, in base64. */
export const Digest = z
  .object({ of: BucketCount, sums: z.base64() })
  .refine(
    ({ of, sums }) => Buffer.byteLength(sums, 'base64') === of * sumBytes,
    'expected eight bytes for each bucket',
  );
export type Digest = Readonly<z.infer<typeof Digest>>;

export function toDigest(held: readonly HeldValue[], of: number): Digest {
  return { of, sums: sumUp(held, of).toString('base64') };
}

/** The buckets in which what we hold differs from what the other side holds. */
export function findDifferingBuckets(held: readonly HeldValue[], theirs: Digest): readonly number[] {
  const ourSums = sumUp(held, theirs.of);
  const theirSums = Buffer.from(theirs.sums, 'base64');
  const buckets: number[] = [];
  for (let start = 0; start < ourSums.length; start += sumBytes) {
    const end = start + sumBytes;
    if (ourSums.compare(theirSums, start, end, start, end) !== 0) buckets.push(start / sumBytes);
  }
  return buckets;
}

/** A digest as fine as makes listing one of its buckets cheap. */
export function toFineDigest(held: readonly HeldValue[]): Digest {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, held.length / entriesPerBucket)));
  return toDigest(held, Math.min(wanted, maxBuckets));
}

/** For each bucket the exclusive or of its entries' hashes, so that their order does not matter. */
function sumUp(held: readonly HeldValue[], of: number): Buffer {
  const sums = Buffer.alloc(of * sumBytes);
  for (const { id, value } of held) {
    const entry = hash('sha256', JSON.stringify([id, value]), 'buffer');
    const start = of === 1 ? 0 : toBucket(toPrefix(id), of) * sumBytes;
    for (let index = 0; index < sumBytes; index += wordBytes) {
      sums.writeInt32BE(sums.readInt32BE(start + index) ^ entry.readInt32BE(index), start + index);
    }
  }
  return sums;
}
