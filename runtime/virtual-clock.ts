import type { Clock } from './clock.ts';

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /**
   * Goes on by `durationMs`: runs every timer that falls due, those that are added meanwhile too, in the order of their times
   * and, within one time, of their making. Between two timers, before the first and after the last, everything that
   * was waiting for promises runs. Only one `advance` at a time.
   */
  advance(durationMs: number): Promise<void>;
  /** Goes on to the next timer's time. False, and nothing happens, when none waits. */
  advanceToNext(): Promise<boolean>;
  /** Lets promises settle without any time passing. */
  settle(): Promise<void>;
  /** Timers that wait. */
  readonly pending: number;
}

interface Entry {
  readonly dueMs: number;
  readonly callback: () => void;
}

class SteppedClock implements VirtualClock {
  readonly #originMs: number;
  /** Sorted by time; equal times in the order they were made. */
  readonly #entries: Entry[] = [];
  #elapsedMs = 0;

  constructor(originMs: number) {
    this.#originMs = originMs;
  }

  get pending(): number {
    return this.#entries.length;
  }

  now(): number {
    return this.#originMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  schedule(delayMs: number, callback: () => void): { cancel(): void } {
    const entry: Entry = { dueMs: this.#elapsedMs + Math.max(delayMs, 0), callback };
    this.#entries.splice(this.#placeBehind(entry.dueMs), 0, entry);
    return {
      cancel: () => {
        const index = this.#entries.indexOf(entry, this.#placeBefore(entry.dueMs));
        if (index !== -1) this.#entries.splice(index, 1);
      },
    };
  }

  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await this.settle();
    for (let next = this.#entries[0]; next !== undefined && next.dueMs <= untilMs; next = this.#entries[0]) {
      this.#entries.shift();
      this.#elapsedMs = next.dueMs;
      next.callback();
      await this.settle();
    }
    this.#elapsedMs = untilMs;
  }

  async advanceToNext(): Promise<boolean> {
    await this.settle();
    const next = this.#entries[0];
    if (next === undefined) return false;
    await this.advance(next.dueMs - this.#elapsedMs);
    return true;
  }

  /** The queue of microtasks is empty whenever the event loop takes its next turn. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #placeBefore(dueMs: number): number {
    return this.#place((entry) => entry.dueMs < dueMs);
  }

  #placeBehind(dueMs: number): number {
    return this.#place((entry) => entry.dueMs <= dueMs);
  }

  /** The first index at which `isAhead` is false. */
  #place(isAhead: (entry: Entry) => boolean): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && isAhead(entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** `startMs` is the wall time it begins with: 2026-01-01T00:00:00Z unless given. */
export function createVirtualClock(options: { readonly startMs?: number } = {}): VirtualClock {
  return new SteppedClock(options.startMs ?? Date.UTC(2026, 0, 1));
}
