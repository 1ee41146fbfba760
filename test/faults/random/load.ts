import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPlace } from '../../support/fault-place.ts';
import type { Dice } from '../../support/seeded-dice.ts';
import { type JobKind, jobKinds } from './job-kinds.ts';

export interface Load {
  /** Every job that the hub said yes to. */
  readonly accepted: ReadonlyMap<string, JobKind>;
  /** Resolves when nothing more is asked of the hub. */
  stop(): Promise<void>;
}

/** How many jobs may wait or run: a hub and agents that are struck may fall behind, but not for ever. */
const maxOpen = 150;

/** Keeps the agents busy, a little more than they can take. */
export function startLoad({ api }: FaultPlace, options: { readonly dice: Dice; readonly pauseMs: number }): Load {
  const { dice, pauseMs } = options;
  const accepted = new Map<string, JobKind>();
  const cancels: Promise<unknown>[] = [];
  let over = false;

  async function submitUntilOver(): Promise<void> {
    while (!over) {
      const kind = dice.pick(jobKinds);
      const { id } = await api.submit(kind.request(dice));
      accepted.set(id, kind);
      if (kind.cancelled === true) cancels.push(delay(dice.below(2_000)).then(() => api.cancel(id)));
      await delay(dice.below(pauseMs));
      while (!over && accepted.size % 50 === 0 && (await api.countOpen()) > maxOpen) await delay(1_000);
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
