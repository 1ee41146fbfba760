import { defaultLinkLimits } from '../agent/link-limits.ts';

/** How much is measured. Times are what each way gets, so that a slow machine takes no longer. */
export interface Sizes {
  /** Rounds of each way. A 99th percentile is told from a hundred on. */
  readonly latency: { readonly rounds: number; readonly slowRounds: number };
  readonly jobs: { readonly atOnce: readonly number[]; readonly forMs: number; readonly passes: number };
  readonly log: { readonly smallMb: number; readonly bigMb: number; readonly atOnce: number };
  readonly memory: { readonly jobs: number; readonly settleMs: number };
  /** `cacheMs`: as long as farhand takes to write its compile cache after the first start. */
  readonly start: { readonly rounds: number; readonly cacheMs: number };
  /**
   * `settleMs`: so long that links count as healthy before the hub is killed. `maxRetryMs`: the longest that an agent waits between two
   * dials. `peers`: workers of BullMQ that wait.
   */
  readonly agents: {
    readonly count: number;
    readonly settleMs: number;
    readonly maxRetryMs: number;
    readonly peers: number;
  };
  readonly resync: { readonly count: number };
  /** `pods`, `runnerPods`: as many rest at once, without and with a runner. A node takes 110. */
  readonly kubernetes: {
    readonly rounds: number;
    readonly atOnce: number;
    readonly forMs: number;
    readonly pods: number;
    readonly runnerPods: number;
    readonly settleMs: number;
  };
}

const usual: Sizes = {
  latency: { rounds: 500, slowRounds: 100 },
  jobs: { atOnce: [1, 8, 32], forMs: 3000, passes: 2 },
  log: { smallMb: 16, bigMb: 256, atOnce: 4 },
  memory: { jobs: 50, settleMs: 8000 },
  start: { rounds: 10, cacheMs: 4000 },
  agents: { count: 5000, settleMs: 42_000, maxRetryMs: defaultLinkLimits.maxRetryMs, peers: 200 },
  resync: { count: 10_000 },
  kubernetes: { rounds: 10, atOnce: 8, forMs: 20_000, pods: 100, runnerPods: 20, settleMs: 5000 },
};

/** So small that figures mean nothing: whether everything still runs. */
const tiny: Sizes = {
  latency: { rounds: 3, slowRounds: 2 },
  jobs: { atOnce: [1, 3], forMs: 100, passes: 1 },
  log: { smallMb: 1, bigMb: 2, atOnce: 2 },
  memory: { jobs: 3, settleMs: 50 },
  start: { rounds: 1, cacheMs: 50 },
  agents: { count: 5, settleMs: 50, maxRetryMs: 500, peers: 2 },
  resync: { count: 200 },
  kubernetes: { rounds: 1, atOnce: 2, forMs: 100, pods: 2, runnerPods: 1, settleMs: 50 },
};

export const sizes = { default: usual, tiny } as const;
export type SizeName = keyof typeof sizes;
