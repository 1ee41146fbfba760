import type { Clock } from '../../runtime/clock.ts';
import type { Loop } from '../../runtime/loop-board.ts';
import type { Random } from '../../runtime/random.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { ProbePlan } from '../automations/probe-plan.ts';

/** The first runs of all probes are spread over this at most: what an agent stands in is known soon after its start. */
const firstWithinMs = 3_000;

/** Between the end of a run that took longer than its interval and the next. */
const shortestPauseMs = 1_000;

/**
 * Runs one probe again and again until `signal` aborts: soon at first, then each `intervalMs` and a bit from the begin of the one
 * before. Only durations count, so a wall clock that jumps changes nothing; runs that were missed are not made up for.
 */
export async function runProbeLoop(
  plan: Pick<ProbePlan, 'intervalMs' | 'jitterMs'>,
  options: {
    /** Resolves when the run is over. Never rejects. */
    readonly runOnce: () => Promise<void>;
    readonly clock: Clock;
    readonly random: Random;
    readonly signal: AbortSignal;
    readonly loop: Loop;
  },
): Promise<void> {
  const { runOnce, clock, random, signal, loop } = options;
  const wait = (nextInMs: number) => {
    loop.does('waits for its time', { nextInMs });
    return sleep(clock, nextInMs, signal);
  };
  await wait(random.fraction() * Math.min(plan.jitterMs, firstWithinMs));
  while (!signal.aborted) {
    const nextAt = clock.monotonic() + plan.intervalMs + random.fraction() * plan.jitterMs;
    loop.does('runs');
    await runOnce();
    loop.turned();
    await wait(Math.max(nextAt - clock.monotonic(), shortestPauseMs));
  }
}
