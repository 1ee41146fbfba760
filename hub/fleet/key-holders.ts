import type { Clock } from '../../runtime/clock.ts';

/** How long it is said that a key is shared, after the last sign of it. An agent that lost its channel dials again within half a minute. */
const saidMs = 10 * 60_000;
/** Earlier processes that are remembered: of an agent that is restarted all the time, the newest. */
const maxEarlier = 16;

/**
 * Tells an agent that was started anew from two that run at the same time with one key, which a copied data folder makes. Each takes the
 * other's place on the hub in turn; a process that ended never comes back. So one that another had followed, and that is there again, proves
 * that both are alive.
 */
export class KeyHolders {
  readonly #clock: Clock;
  /** Made for the first that was followed: most agents keep one process for long. */
  #earlier: Set<string> | null = null;
  #current: string | null = null;
  #provedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to say and do about it while the key is shared; null while nothing says so. */
  get problem(): string | null {
    if (this.#clock.monotonic() - this.#provedAt > saidMs) return null;
    return 'two agents run with the key of this one, so its data folder was copied: stop the copy, and let it join as another agent, with a data folder of its own (FARHAND_DATA). Until then jobs here may be called lost although they run';
  }

  /** A process said hello, by the id that it gave itself. True when that proves that the key is shared. */
  greet(bootId: string): boolean {
    if (bootId === this.#current) return false;
    const proved = this.#earlier?.delete(bootId) ?? false;
    if (proved) this.#provedAt = this.#clock.monotonic();
    const followed = this.#current;
    this.#current = bootId;
    if (followed !== null) this.#remember(followed);
    return proved;
  }

  #remember(bootId: string): void {
    this.#earlier ??= new Set();
    this.#earlier.add(bootId);
    for (const oldest of this.#earlier) {
      if (this.#earlier.size <= maxEarlier) break;
      this.#earlier.delete(oldest);
    }
  }
}
