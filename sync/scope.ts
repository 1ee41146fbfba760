import { z } from 'zod';
import { maxBuckets, toBucket, toPrefix } from './digest.ts';

const BucketCount = z
  .int()
  .min(1)
  .max(maxBuckets)
  .refine((of) => Number.isInteger(Math.log2(of)), 'expected a power of two');

/** What a list covers: it is complete for all resources whose id falls into one of these buckets, and says nothing of others. */
export const Scope = z.object({ of: BucketCount, buckets: z.array(z.int().min(0)).max(maxBuckets) });
export type Scope = { readonly of: number; readonly buckets: readonly number[] };

/** Sums of everything a side holds, by bucket (base64, eight bytes each). */
export const Digest = z.object({ of: BucketCount, sums: z.base64() });
export type Digest = Readonly<z.infer<typeof Digest>>;

export const wholeScope: Scope = { of: 1, buckets: [0] };

export function createScopeTest(scope: Scope): (id: string) => boolean {
  if (scope.of === 1) return () => scope.buckets.includes(0);
  const buckets = new Set(scope.buckets);
  return (id) => buckets.has(toBucket(toPrefix(id), scope.of));
}
