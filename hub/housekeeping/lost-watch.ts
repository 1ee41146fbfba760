import type { Clock } from '../../runtime/clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export interface LostWatchOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** How long an agent may be silent before its running attempts are called lost. */
  readonly lostAfterMs: number;
}

/** How many attempts are looked at in one query. */
const batch = 500;

/**
 * Calls running attempts lost whose agent was not heard of for too long. The clock starts anew with the hub: while nobody could
 * have heard an agent, its silence says nothing.
 */
export class LostWatch {
  readonly #options: LostWatchOptions;
  readonly #startedAt: number;

  constructor(options: LostWatchOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** Looks once at all running attempts; answers those that it called lost. */
  async look(): Promise<readonly string[]> {
    const { store, fleet, clock, lostAfterMs } = this.#options;
    const now = clock.now();
    const heardBefore = now - lostAfterMs;
    if (this.#startedAt > heardBefore) return [];
    const lost: string[] = [];
    let after: string | null = null;
    for (;;) {
      const attempts: readonly AttemptRecord[] = await store.queries.allOpenAttempts(after, batch);
      const silent: AttemptRecord[] = [];
      for (const attempt of attempts) {
        if (attempt.state === 'running' && (await this.#isSilent(attempt.agentId, heardBefore))) silent.push(attempt);
      }
      if (silent.length > 0) {
        const answer = await store.apply('lose-attempts', {
          attemptIds: silent.map((attempt) => attempt.id),
          retrySafe: silent.map((attempt) => fleet.automation(attempt.agentId, attempt.automation)?.retrySafe ?? false),
          at: now,
        });
        lost.push(...answer.lost);
      }
      if (attempts.length < batch) return lost;
      after = attempts.at(-1)?.id ?? null;
    }
  }

  async #isSilent(agentId: string, heardBefore: number): Promise<boolean> {
    if ((this.#options.fleet.get(agentId)?.leaseEpoch ?? null) !== null) return false;
    const agent = await this.#options.store.queries.agent(agentId);
    return (agent?.lastSeenAt ?? 0) < heardBefore;
  }
}
