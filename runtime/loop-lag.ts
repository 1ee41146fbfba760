import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from './clock.ts';

/** How late a process was with what it had to do, in milliseconds. */
export interface LoopLagValues {
  /** 99 of 100 turns of the event loop in the last window came no later than this. One long stop among many turns is not seen in it. */
  readonly p99Ms: number;
  /**
   * What came at any moment of the last window waited for so long, on average. A loop that stands still for five seconds of six is two
   * seconds late by this, though 50 of its 51 turns were on time.
   */
  readonly meanMs: number;
  /** The longest stop of the last minute. */
  readonly maxMs: number;
}

/** Measures from its beginning on. */
export interface LoopLag extends Disposable {
  /** Zeros before the first window is over. */
  readonly latest: LoopLagValues;
}

const windowMs = 5_000;
const maxOverWindows = 12;
const resolutionMs = 20;

export function measureLoopLag(clock: Clock): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  const longest: number[] = [];
  let latest: LoopLagValues = { p99Ms: 0, meanMs: 0, maxMs: 0 };
  let timer: Timer = schedule();

  function schedule(): Timer {
    return clock.schedule(windowMs, closeWindow, { background: true });
  }

  function closeWindow(): void {
    timer = schedule();
    if (histogram.count === 0) return;
    const [p99, mean, deviation, max] = [histogram.percentile(99), histogram.mean, histogram.stddev, histogram.max].map(
      (nanoseconds) => nanoseconds / 1e6,
    ) as [number, number, number, number];
    histogram.reset();
    longest.push(max);
    if (longest.length > maxOverWindows) longest.shift();
    latest = {
      p99Ms: toLag(p99 - resolutionMs),
      // What comes at any moment meets a gap in proportion to its length, and waits for half of it: E[gap²] / 2 E[gap].
      meanMs: toLag((deviation ** 2 + mean ** 2) / (2 * mean) - resolutionMs / 2),
      maxMs: toLag(Math.max(...longest) - resolutionMs),
    };
  }

  histogram.enable();
  return {
    get latest() {
      return latest;
    },
    [Symbol.dispose]: () => {
      timer.cancel();
      histogram.disable();
    },
  };
}

function toLag(ms: number): number {
  return Math.round(Math.max(0, ms) * 10) / 10;
}
