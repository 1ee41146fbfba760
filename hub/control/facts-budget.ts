import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';

/** An agent that starts tells of all its probes at once. */
const atOnce = 200;
const refillEveryMs = 5_000;

interface Account {
  left: number;
  /** By the clock that never goes back: when `left` was counted. */
  at: number;
}

/**
 * How many news of facts each agent may have stored: each is a commit, and a change an event that stays. Who has no more waits, and
 * then the newest is stored. Kept by agent, not by link, so that dialling again earns nothing.
 */
export class FactsBudget {
  readonly #clock: Clock;
  readonly #agents = new Map<string, Account>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with true once the agent may; with false when the signal of `link`, which is asked for only to wait, aborted first. */
  async take(agentId: string, link: { readonly signal: AbortSignal }): Promise<boolean> {
    for (;;) {
      const account = this.#refilled(agentId);
      if (account.left >= 1) {
        account.left--;
        return true;
      }
      const { signal } = link;
      await sleep(this.#clock, refillEveryMs, signal);
      if (signal.aborted) return false;
    }
  }

  /** What was taken was not needed: nothing was written. */
  giveBack(agentId: string): void {
    const account = this.#refilled(agentId);
    account.left += 1;
    // Who may do all that anybody may needs no account.
    if (account.left >= atOnce) this.#agents.delete(agentId);
  }

  #refilled(agentId: string): Account {
    const now = this.#clock.monotonic();
    const account = this.#agents.get(agentId) ?? { left: atOnce, at: now };
    const refills = Math.floor((now - account.at) / refillEveryMs);
    account.left = Math.min(account.left + refills, atOnce);
    account.at += refills * refillEveryMs;
    this.#agents.set(agentId, account);
    return account;
  }
}
