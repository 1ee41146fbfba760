import { z } from 'zod';
import { BucketCount, maxBuckets, toBucket, toPrefix } from './bucket.ts';

/** What a list covers: it is complete for all resources whose id falls into one of these buckets, and says nothing of others. */
export const Scope = z.object({ of: BucketCount, buckets: z.array(z.int().min(0)).max(maxBuckets) });
export type Scope = { readonly of: number; readonly buckets: readonly number[] };

export const wholeScope: Scope = { of: 1, buckets: [0] };

export function createScopeTest(scope: Scope): (id: string) => boolean {
  if (scope.of === 1) return () => scope.buckets.includes(0);
  const buckets = new Set(scope.buckets);
  return (id) => buckets.has(toBucket(toPrefix(id), scope.of));
}
