import type { Clock, Timer } from '../../runtime/clock.ts';

/** The longest that one timer is trusted with: a longer wait is cut, so that no clock's bound matters. */
const maxStepMs = 24 * 3600 * 1000;

/** Calls `onPassed` once when `afterMs` have passed on the monotonic clock, however long that is. */
export function startDeadline(options: {
  readonly clock: Clock;
  readonly afterMs: number;
  readonly onPassed: () => void;
}): Timer {
  const { clock, onPassed } = options;
  const end = clock.monotonic() + options.afterMs;
  const wait = (): Timer => {
    const left = end - clock.monotonic();
    return clock.schedule(Math.min(Math.max(left, 0), maxStepMs), () => {
      if (clock.monotonic() >= end) onPassed();
      else timer = wait();
    });
  };
  let timer = wait();
  return { cancel: () => timer.cancel() };
}
