import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPlace } from '../../support/fault-place.ts';
import type { Dice } from '../../support/seeded-dice.ts';
import type { JobKind } from './job-kinds.ts';

export interface Load {
  /** Every job that the hub said yes to. */
  readonly accepted: ReadonlyMap<string, JobKind>;
  /** Resolves when nothing more is asked of the hub. */
  stop(): Promise<void>;
}

/**
 * Keeps the agents busy, a little more than they can take. `maxOpen`: how many jobs may wait or run, for a hub and agents that are struck may
 * fall behind, but not for ever. `cancelMs`: after a cancel is asked for, at most.
 */
export function startLoad(
  { api }: FaultPlace,
  options: {
    readonly kinds: readonly [JobKind, ...JobKind[]];
    readonly dice: Dice;
    readonly pauseMs: number;
    readonly maxOpen: number;
    readonly cancelMs?: number;
    /** It stops by itself when so many were accepted. */
    readonly maxJobs?: number;
  },
): Load {
  const { kinds, dice, pauseMs, maxOpen, cancelMs = 2_000, maxJobs = Infinity } = options;
  const looksEach = Math.ceil(maxOpen / 3);
  const accepted = new Map<string, JobKind>();
  const cancels: Promise<unknown>[] = [];
  let over = false;

  async function submitUntilOver(): Promise<void> {
    while (!over && accepted.size < maxJobs) {
      const kind = dice.pick(kinds);
      const { id } = await api.submit(kind.request(dice));
      accepted.set(id, kind);
      if (kind.cancelled === true) cancels.push(delay(dice.below(cancelMs)).then(() => api.cancel(id)));
      await delay(dice.below(pauseMs));
      while (!over && accepted.size % looksEach === 0 && (await api.countOpen()) > maxOpen) await delay(1_000);
    }
    await Promise.all(cancels);
  }

  const submitting = submitUntilOver();
  return {
    accepted,
    async stop() {
      over = true;
      await submitting;
    },
  };
}
