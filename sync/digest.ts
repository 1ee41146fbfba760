import { hash } from 'node:crypto';

/** What a side holds of one resource: the version of a spec or the hash of a status. */
export interface HeldValue {
  readonly id: string;
  readonly value: string;
}

/** Bytes for each bucket. */
export const sumBytes = 8;
/** A bucket is a prefix of the id's hash, of at most so many bits. */
const maxPrefixBits = 16;
export const maxBuckets = 2 ** maxPrefixBits;
const entriesPerBucket = 16;

/** The first bits of the id's hash: two sides that never spoke agree on who belongs where. */
export function toPrefix(id: string): number {
  return hash('sha256', id, 'buffer').readUInt16BE(0);
}

/** Which of `of` buckets a prefix falls into. `of` is a power of two, so that a bucket splits into whole finer ones. */
export function toBucket(prefix: number, of: number): number {
  return Math.floor((prefix * of) / maxBuckets);
}

/** How many buckets make so few entries in each that listing a bucket is cheap. */
export function chooseBuckets(entries: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, entries / entriesPerBucket)));
  return Math.min(wanted, maxBuckets);
}

/** One sum for each bucket: the exclusive or of its entries' hashes, so that their order does not matter. */
export function toDigest(held: Iterable<HeldValue>, of: number): Buffer {
  const sums = Buffer.alloc(of * sumBytes);
  for (const { id, value } of held) {
    const entry = hash('sha256', JSON.stringify([id, value]), 'buffer');
    const start = of === 1 ? 0 : toBucket(toPrefix(id), of) * sumBytes;
    for (let index = 0; index < sumBytes; index += 1) {
      sums.writeUInt8(sums.readUInt8(start + index) ^ entry.readUInt8(index), start + index);
    }
  }
  return sums;
}

/** The buckets in which two digests of the same `of` differ. */
export function findDifferingBuckets(ours: Buffer, theirs: Buffer): readonly number[] {
  const buckets: number[] = [];
  for (let start = 0; start < ours.length; start += sumBytes) {
    if (ours.compare(theirs, start, start + sumBytes, start, start + sumBytes) !== 0) buckets.push(start / sumBytes);
  }
  return buckets;
}
