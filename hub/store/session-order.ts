import type { SessionEpoch } from './records.ts';

/** Below zero when `a` is the older session, zero when they are one, above when it is the newer. */
export function compareSessions(a: SessionEpoch, b: SessionEpoch): number {
  return a.leaseEpoch - b.leaseEpoch || a.opens - b.opens;
}
