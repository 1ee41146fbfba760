import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { sleep } from '../runtime/sleep.ts';
import type { Arrivals } from './control/arrivals.ts';
import type { ControlService } from './control/control-service.ts';
import type { SessionService } from './sessions/session-service.ts';

export interface DrainOptions {
  readonly drainMs: number;
  /** Aborts when it is to end at once. */
  readonly signal: AbortSignal;
}

export interface DrainedParts {
  readonly control: Pick<ControlService, 'count' | 'tellLeaving'>;
  readonly sessions: Pick<SessionService, 'count'>;
  readonly arrivals: Pick<Arrivals, 'shut'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const lookEveryMs = 100;

/**
 * Lets a hub go gently: nobody new gets in, each agent is asked to open a channel elsewhere, and sessions run to their end. Resolves when nobody is
 * left, or when the time is over; whoever is left then is told when to come back.
 */
export async function drainHub(
  { control, sessions, arrivals, clock, logger }: DrainedParts,
  { drainMs, signal }: DrainOptions,
): Promise<void> {
  const isEmpty = () => control.count === 0 && sessions.count() === 0;
  const untilMs = clock.monotonic() + drainMs;
  logger.info({ drainMs, agents: control.count, sessions: sessions.count() }, 'hub draining');
  arrivals.shut();
  await control.tellLeaving();
  while (!isEmpty() && !signal.aborted && clock.monotonic() < untilMs) await sleep(clock, lookEveryMs, signal);
  logger.info({ agents: control.count, sessions: sessions.count() }, 'hub drained');
}
