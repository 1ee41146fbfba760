import type { AttemptResult } from '../protocol/attempt-result.ts';
import type { Offer } from '../protocol/offer.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { AttemptRegistry } from './attempts/attempt-registry.ts';
import type { Decline } from './dispatch.ts';

/** How an agent that takes one job came to its end: the hub has all of the job, or no job came. */
export type OnceEnd = { readonly type: 'ended'; readonly result: AttemptResult } | { readonly type: 'no-job' };

/** Lets one job in, and knows when it is over. */
export interface Once extends Disposable {
  refuse(offer: Offer): Decline | null;
  /** An attempt changed, or is not held any more. */
  changed(attempt: string): void;
  /** From now on the agent waits for its job no longer than it was told. */
  startWaiting(): void;
  readonly ended: Promise<OnceEnd>;
}

const taken: Decline = { reason: 'draining', message: 'this agent takes one job, and has it' };
const notThis: Decline = { reason: 'draining', message: 'this agent was started for another job' };

export function createOnce(options: {
  readonly jobId: string | null;
  readonly idleMs: number | null;
  readonly attempts: () => AttemptRegistry;
  readonly clock: Clock;
}): Once {
  const { promise: ended, resolve } = Promise.withResolvers<OnceEnd>();
  let own: string | null = null;
  let result: AttemptResult | null = null;
  let waiting: Timer | null = null;

  function stopWaiting(): void {
    waiting?.cancel();
    waiting = null;
  }

  return {
    ended,
    refuse(offer) {
      if (result !== null || (own !== null && own !== offer.attempt)) return taken;
      return options.jobId !== null && options.jobId !== offer.job ? notThis : null;
    },
    changed(id) {
      const attempt = options.attempts().get(id);
      if (attempt !== null && attempt.state.type !== 'gone') {
        stopWaiting();
        own ??= id;
        if (own === id && attempt.state.type === 'holding') ({ result } = attempt.state.held);
      } else if (own === id) {
        own = null;
        if (result !== null) resolve({ type: 'ended', result });
        else this.startWaiting();
      }
    },
    startWaiting() {
      if (options.idleMs === null || own !== null) return;
      waiting ??= options.clock.schedule(options.idleMs, () => resolve({ type: 'no-job' }));
    },
    [Symbol.dispose]: stopWaiting,
  };
}
