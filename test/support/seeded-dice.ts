/** Chance that a seed brings back: what a test threw once it throws again. */
export interface Dice {
  readonly seed: number;
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number;
  pick<T>(things: readonly [T, ...T[]]): T;
}

/** `FAULT_SEED` in the environment of the tests replays a run; otherwise each run has a seed of its own. */
export function createDice(seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000)): Dice {
  let state = (seed + 1) >>> 0;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return { seed, below, pick: (things) => things[below(things.length)] ?? things[0] };
}
