/** How much is measured. Times are what each way gets, so that a slow machine takes no longer. */
export interface Sizes {
  /** Rounds of each way. A 99th percentile is told from a hundred on. */
  readonly latency: { readonly rounds: number; readonly slowRounds: number };
  readonly jobs: { readonly atOnce: readonly number[]; readonly forMs: number; readonly passes: number };
  readonly log: { readonly smallMb: number; readonly bigMb: number; readonly atOnce: number };
  readonly agents: { readonly count: number };
}

const mostOften: Sizes = {
  latency: { rounds: 500, slowRounds: 100 },
  jobs: { atOnce: [1, 8, 32], forMs: 3000, passes: 2 },
  log: { smallMb: 16, bigMb: 256, atOnce: 4 },
  agents: { count: 3000 },
};

/** So small that figures mean nothing: whether everything still runs. */
const tiny: Sizes = {
  latency: { rounds: 3, slowRounds: 2 },
  jobs: { atOnce: [1, 3], forMs: 100, passes: 1 },
  log: { smallMb: 1, bigMb: 2, atOnce: 2 },
  agents: { count: 20 },
};

export const sizes = { default: mostOften, tiny } as const;
export type SizeName = keyof typeof sizes;
