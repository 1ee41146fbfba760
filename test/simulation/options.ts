import { parseArgs } from 'node:util';

export interface SimulationOptions {
  /** Where a run of many begins, and how many there are. */
  readonly from: number;
  readonly seeds: number;
  /** One seed to be told in full; null for many. */
  readonly seed: number | null;
  /** A schedule as a shrinker left it, instead of a seed. */
  readonly schedule: string | null;
  readonly processes: number;
  /** A failing seed is told with its smallest schedule. */
  readonly shrinks: boolean;
  /** Each operation of each process is told, not only what a reader wants to know. */
  readonly isVerbose: boolean;
}

/** Throws where an argument is no number. */
export function parseOptions(given: readonly string[]): SimulationOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      schedule: { type: 'string' },
      processes: { type: 'string', default: '2' },
      shrink: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  return {
    from: toCount('--from', values.from),
    seeds: toCount('--seeds', values.seeds),
    seed: values.seed === undefined ? null : toCount('--seed', values.seed),
    schedule: values.schedule ?? null,
    processes: Math.max(1, toCount('--processes', values.processes)),
    shrinks: values.shrink,
    isVerbose: values.verbose,
  };
}

function toCount(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`expected a whole number at ${name}, got ${JSON.stringify(text)}`);
  return value;
}
