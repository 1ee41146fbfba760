import type { Clock } from '../../runtime/clock.ts';
import type { Attempt } from './attempt.ts';
import { isWorking } from './attempt-state.ts';
import type { Bell } from './bell.ts';

export interface DrainOptions {
  /** How long what runs may go on. */
  readonly drainMs: number;
  /**
   * What then happens to what still runs. `leave`: it is left to the next agent. `cancel`: what would end with the agent's machine is cancelled and waited
   * for; what would not is left, and nobody waits for it before either. `cancel-all`: everything is cancelled and waited for.
   */
  readonly afterwards: 'leave' | 'cancel' | 'cancel-all';
  /** How long the cancelled may take to end and to be accepted by the hub. */
  readonly cancelMs: number;
}

/** Waits for the attempts of an agent that takes no more of them. Resolves when all is done that there is time for, or the agent leaves. */
export async function drainAttempts(
  options: DrainOptions & {
    readonly attempts: () => readonly Attempt[];
    /** Rings after each change of one of them. */
    readonly changed: Pick<Bell, 'wait'>;
    readonly clock: Clock;
    readonly leaving: AbortSignal;
  },
): Promise<void> {
  const { afterwards, attempts, changed, clock, leaving } = options;
  const concerned = () => attempts().filter((attempt) => afterwards !== 'cancel' || !attempt.outlivesMachine);

  async function waitForEnds(timeMs: number): Promise<void> {
    const over = new AbortController();
    const timer = clock.schedule(timeMs, () => over.abort());
    const signal = AbortSignal.any([over.signal, leaving]);
    while (concerned().length > 0 && !signal.aborted) await changed.wait(signal);
    timer.cancel();
  }

  await waitForEnds(options.drainMs);
  if (afterwards === 'leave' || leaving.aborted) return;
  // A claim has no command yet, and the hub gives what has not begun to another agent.
  for (const attempt of concerned()) if (isWorking(attempt.state) && attempt.state.type !== 'claimed') attempt.cancel();
  await waitForEnds(options.cancelMs);
}
