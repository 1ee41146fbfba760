import type { JsonValue } from '../protocol/json.ts';
import { maxBuckets, toBucket, toPrefix } from './bucket.ts';
import type { HeldValue } from './digest.ts';
import type { Scope } from './scope.ts';

export interface ListPiece<Item> {
  readonly scope: Scope;
  readonly items: readonly Item[];
}

interface Entry<Item> {
  readonly item: Item;
  readonly prefix: number;
  readonly bytes: number;
}

interface Bucket<Item> {
  readonly bucket: number;
  readonly items: Item[];
  bytes: number;
}

/**
 * Cuts a list that covers `scope` into pieces of bounded size, each with the scope that it covers by itself. Together they
 * cover `scope`; there is at least one. Only what is in scope may be given. A piece is over its bounds only when one bucket
 * of the finest division is.
 */
export function cutList<Item extends JsonValue>(
  held: readonly HeldValue[],
  options: {
    readonly scope: Scope;
    readonly toItem: (held: HeldValue) => Item;
    readonly maxEntries: number;
    readonly maxBytes: number;
  },
): readonly ListPiece<Item>[] {
  const { scope, toItem, maxEntries, maxBytes } = options;
  const entries = held.map((value): Entry<Item> => {
    const item = toItem(value);
    return { item, prefix: toPrefix(value.id), bytes: Buffer.byteLength(JSON.stringify(item)) + 1 };
  });
  const fits = (count: number, bytes: number) => count <= maxEntries && bytes <= maxBytes;

  let { of } = scope;
  let buckets = fill(entries, scope);
  while (of < maxBuckets && !buckets.every(({ items, bytes }) => fits(items.length, bytes))) {
    of *= 2;
    buckets = fill(entries, { of, buckets: buckets.flatMap(({ bucket }) => [2 * bucket, 2 * bucket + 1]) });
  }

  const pieces: { buckets: number[]; items: Item[]; bytes: number }[] = [];
  for (const { bucket, items, bytes } of buckets) {
    const last = pieces.at(-1);
    if (last === undefined || !fits(last.items.length + items.length, last.bytes + bytes)) {
      pieces.push({ buckets: [bucket], items, bytes });
    } else {
      last.buckets.push(bucket);
      for (const item of items) last.items.push(item);
      last.bytes += bytes;
    }
  }
  return pieces.map(({ items, buckets: covered }) => ({ scope: { of, buckets: covered }, items }));
}

function fill<Item>(entries: readonly Entry<Item>[], { of, buckets }: Scope): readonly Bucket<Item>[] {
  const filled = new Map(buckets.map((bucket): [number, Bucket<Item>] => [bucket, { bucket, items: [], bytes: 0 }]));
  for (const { item, prefix, bytes } of entries) {
    const bucket = filled.get(toBucket(prefix, of));
    if (bucket === undefined) continue;
    bucket.items.push(item);
    bucket.bytes += bytes;
  }
  return [...filled.values()];
}
