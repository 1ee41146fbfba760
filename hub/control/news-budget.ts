import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';

interface Account {
  left: number;
  /** By the clock that never goes back: when `left` was counted. */
  at: number;
}

export interface NewsBudgetOptions {
  readonly clock: Clock;
  /** What an agent may have stored in one go: one that starts tells of everything at once. */
  readonly atOnce: number;
  /** So often it may have one more. */
  readonly refillEveryMs: number;
}

/** Of facts: each is a commit, and a change an event that stays. */
export const factsAllowance = { atOnce: 200, refillEveryMs: 5_000 } as const;

/** Of nodes and apps: many share a commit, and each takes the place of what was told before. */
export const inventoryAllowance = { atOnce: 20_000, refillEveryMs: 50 } as const;

/**
 * How many news each agent may have stored. Who has no more waits, and then the newest is stored. Kept by agent, not by link, so that dialling again
 * earns nothing.
 */
export class NewsBudget {
  readonly #given: NewsBudgetOptions;
  readonly #agents = new Map<string, Account>();

  constructor(given: NewsBudgetOptions) {
    this.#given = given;
  }

  /** Resolves with true once the agent may; with false when the signal of `link`, which is asked for only to wait, aborted first. */
  async take(agentId: string, link: { readonly signal: AbortSignal }): Promise<boolean> {
    const { clock, refillEveryMs } = this.#given;
    for (;;) {
      if (this.takeSome(agentId, 1) === 1) return true;
      const { signal } = link;
      await sleep(clock, refillEveryMs, signal);
      if (signal.aborted) return false;
    }
  }

  /** As many of these as the agent may have now; 0 is possible. */
  takeSome(agentId: string, most: number): number {
    const account = this.#refilled(agentId);
    const taken = Math.min(account.left, most);
    account.left -= taken;
    return taken;
  }

  /** What was taken was not needed: nothing was written. */
  giveBack(agentId: string, count = 1): void {
    const account = this.#refilled(agentId);
    account.left += count;
    // Who may do all that anybody may needs no account.
    if (account.left >= this.#given.atOnce) this.#agents.delete(agentId);
  }

  #refilled(agentId: string): Account {
    const { clock, atOnce, refillEveryMs } = this.#given;
    const now = clock.monotonic();
    const account = this.#agents.get(agentId) ?? { left: atOnce, at: now };
    const refills = Math.floor((now - account.at) / refillEveryMs);
    account.left = Math.min(account.left + refills, atOnce);
    account.at += refills * refillEveryMs;
    this.#agents.set(agentId, account);
    return account;
  }
}
