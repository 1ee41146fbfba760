import type { LoopLag } from '../../runtime/loop-lag.ts';

/** Of a process that is always on time. */
export const noLoopLag: LoopLag = { latest: { p99Ms: 0, meanMs: 0, maxMs: 0 }, [Symbol.dispose]: () => {} };
