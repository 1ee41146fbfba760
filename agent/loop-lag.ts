import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late this process is with what it has to do. */
export interface LoopLag extends Disposable {
  /** Milliseconds by which 99 of 100 turns of the event loop were late at most, since the last call. */
  take(): number;
}

const resolutionMs = 20;

export function measureLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    take() {
      const lagMs = Math.max(0, histogram.percentile(99) / 1e6 - resolutionMs);
      histogram.reset();
      return Math.round(lagMs * 10) / 10;
    },
    [Symbol.dispose]: () => void histogram.disable(),
  };
}
