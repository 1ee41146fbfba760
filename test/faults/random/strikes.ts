import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from '../../support/seeded-dice.ts';
import type { Strike } from './strike.ts';

/** Everybody who is struck, each beside the others. */
export interface Strikes {
  readonly count: number;
  /** By their names. */
  readonly counts: Readonly<Record<string, number>>;
  /** Strikes this one again and again. Rejects with what was struck when a strike does. */
  against<S extends { readonly dice: Dice }>(
    whom: string,
    scene: S,
    pick: () => Strike<S>,
    raiseAgain: () => void | Promise<void>,
  ): Promise<void>;
}

/** `more`: whether another strike is to come, after so many. `pauseMs`: between two at the same one, at most. */
export function createStrikes({
  more,
  pauseMs,
  say,
}: {
  readonly more: (struck: number) => boolean;
  readonly pauseMs: number;
  readonly say: (line: string) => void;
}): Strikes {
  const counts: Record<string, number> = {};
  let count = 0;
  return {
    counts,
    get count() {
      return count;
    },
    async against(whom, scene, pick, raiseAgain) {
      while (more(count)) {
        const strike = pick();
        const { name } = strike;
        count += 1;
        counts[name] = (counts[name] ?? 0) + 1;
        say(`${whom}: ${name}`);
        try {
          await strike.strike(scene);
          await raiseAgain();
        } catch (cause) {
          throw new Error(`${whom}: ${name}`, { cause });
        }
        await delay(scene.dice.below(pauseMs));
      }
    },
  };
}
