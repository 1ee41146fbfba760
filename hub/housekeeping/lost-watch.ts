import type { Clock } from '../../runtime/clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export interface LostWatchOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  /** Whether a session of the attempt is open. */
  readonly isSpeaking: (attemptId: string) => boolean;
  readonly clock: Clock;
  /** How long an agent may be silent before its running attempts are called lost. */
  readonly lostAfterMs: number;
  /** How often it looks, as long as this process gets its turns. */
  readonly everyMs: number;
}

/** How many attempts are looked at in one query. */
const batch = 500;

/**
 * Calls running attempts lost whose agent was not heard of for too long, neither on its control channel nor on the attempt's
 * session. While nobody could have heard an agent, its silence says nothing: the clock starts anew with the hub, and stands still while
 * this process does not run (stopped, starved, or on a machine that was).
 */
export class LostWatch {
  readonly #options: LostWatchOptions;
  /** Since when agents that are in no fleet are silent. */
  #startedAt: number;
  #lookedAt: number;

  constructor(options: LostWatchOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
    this.#lookedAt = this.#startedAt;
  }

  /** Looks once at all running attempts; answers those that it called lost. */
  async look(): Promise<readonly string[]> {
    const { store, fleet, clock } = this.#options;
    this.#forgiveOwnSleep();
    const lost: string[] = [];
    let after: string | null = null;
    for (;;) {
      const attempts: readonly AttemptRecord[] = await store.queries.allOpenAttempts(after, batch);
      const silent = attempts.filter((attempt) => attempt.state === 'running' && this.#isSilent(attempt));
      if (silent.length > 0) {
        const answer = await store.apply('lose-attempts', {
          attemptIds: silent.map((attempt) => attempt.id),
          retrySafe: silent.map((attempt) => fleet.isRetrySafe(attempt)),
          at: clock.now(),
        });
        lost.push(...answer.lost);
      }
      if (attempts.length < batch) return lost;
      after = attempts.at(-1)?.id ?? null;
    }
  }

  #forgiveOwnSleep(): void {
    const { fleet, clock, everyMs } = this.#options;
    const now = clock.monotonic();
    const sleptMs = now - this.#lookedAt - everyMs;
    this.#lookedAt = now;
    // What is late by less is the ordinary lateness of a timer and of the last look.
    if (sleptMs < everyMs) return;
    this.#startedAt = Math.min(now, this.#startedAt + sleptMs);
    fleet.forgive(sleptMs);
  }

  #isSilent({ id, agentId }: AttemptRecord): boolean {
    const { fleet, isSpeaking, clock, lostAfterMs } = this.#options;
    const agent = fleet.get(agentId);
    if ((agent?.link ?? null) !== null || isSpeaking(id)) return false;
    // An agent that was revoked is never heard of again.
    return clock.monotonic() - (fleet.heardAt(agentId) ?? this.#startedAt) >= lostAfterMs;
  }
}
