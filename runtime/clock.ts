/** A pending timer. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as a dependency, so that a simulation can drive it.
 *
 * `now` is wall time and may jump; use it only for what a person or another machine will read.
 * `monotonic` never goes back; use it for every duration.
 */
export interface Clock {
  /** Milliseconds since 1970, wall time. */
  now(): number;
  /** Milliseconds since an arbitrary moment, never decreasing. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`. A pending timer does not keep the process alive when `background` is true. */
  schedule(delayMs: number, callback: () => void, options?: { readonly background?: boolean }): Timer;
}

/** The longest delay a Node timer can take; longer ones would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, callback, options) {
    const timeout = setTimeout(callback, Math.min(Math.max(delayMs, 0), maxTimerMs));
    if (options?.background === true) timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};
