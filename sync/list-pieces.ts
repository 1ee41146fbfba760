import type { JsonValue } from '../protocol/json.ts';
import { maxBuckets, toBucket, toPrefix } from './digest.ts';
import type { Scope } from './scope.ts';

export interface ListPiece<Item> {
  readonly scope: Scope;
  readonly items: readonly Item[];
}

interface Sized<Item> {
  readonly item: Item;
  readonly prefix: number;
  readonly bytes: number;
}

/**
 * Cuts a list that covers `scope` into pieces of bounded size, each with the scope that it covers by itself. Together they
 * cover `scope`; there is at least one. Only what is in scope may be given.
 */
export function cutList<Item extends JsonValue>(
  items: readonly Item[],
  options: {
    readonly scope: Scope;
    readonly idOf: (item: Item) => string;
    readonly maxEntries: number;
    readonly maxBytes: number;
  },
): readonly ListPiece<Item>[] {
  const { scope, maxEntries, maxBytes } = options;
  const sized = items.map((item) => ({
    item,
    prefix: toPrefix(options.idOf(item)),
    bytes: Buffer.byteLength(JSON.stringify(item)) + 1,
  }));
  const fits = (entries: number, bytes: number) => entries <= maxEntries && bytes <= maxBytes;

  let { of } = scope;
  let buckets = fill(sized, scope);
  while (of < maxBuckets && !buckets.every(({ held, bytes }) => fits(held.length, bytes))) {
    of *= 2;
    buckets = fill(sized, { of, buckets: buckets.flatMap(({ bucket }) => [2 * bucket, 2 * bucket + 1]) });
  }

  const pieces: ListPiece<Item>[] = [];
  let piece: { buckets: number[]; items: Item[]; bytes: number } = { buckets: [], items: [], bytes: 0 };
  const finish = () => pieces.push({ scope: { of, buckets: piece.buckets }, items: piece.items });
  for (const { bucket, held, bytes } of buckets) {
    if (piece.buckets.length > 0 && !fits(piece.items.length + held.length, piece.bytes + bytes)) {
      finish();
      piece = { buckets: [], items: [], bytes: 0 };
    }
    piece.buckets.push(bucket);
    piece.items.push(...held);
    piece.bytes += bytes;
  }
  finish();
  return pieces;
}

function fill<Item>(sized: readonly Sized<Item>[], { of, buckets }: Scope) {
  const filled = new Map(buckets.map((bucket) => [bucket, { bucket, held: [] as Item[], bytes: 0 }]));
  for (const { item, prefix, bytes } of sized) {
    const bucket = filled.get(toBucket(prefix, of));
    if (bucket === undefined) continue;
    bucket.held.push(item);
    bucket.bytes += bytes;
  }
  return [...filled.values()];
}
