import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { NotNow } from '../executors/not-now.ts';
import { toRetryMs } from './retry-time.ts';

/**
 * The turns of one actor: one step at a time, in the order they were posted. A step that throws is logged and posted again
 * later, so every step must be right to repeat. One whose platform cannot be asked for now (`NotNow`) is no failure, and waits longer each time.
 */
export interface Mailbox {
  /** Resolves when the step was done once, well or not. */
  post(name: string, step: () => Promise<void>): Promise<void>;
  /** Takes no more steps and waits for the one at work. Posted ones that did not begin never will. */
  close(): Promise<void>;
}

export function createMailbox(options: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retryMs: number;
}): Mailbox {
  const retries = new Set<Timer>();
  let last: Promise<void> = Promise.resolve();
  let closed = false;

  async function take(name: string, step: () => Promise<void>, tries: number): Promise<void> {
    if (closed) return;
    try {
      await step();
    } catch (err) {
      const retryMs = toRetryMs(options.retryMs, err, tries);
      if (err instanceof NotNow) options.logger.warn({ err, step: name, retryMs }, 'step put off');
      else options.logger.error({ err, step: name, retryMs }, 'step failed');
      if (!closed) retryLater(retryMs, () => enter(name, step, tries + 1));
    }
  }

  function retryLater(retryMs: number, again: () => Promise<void>): void {
    const timer = options.clock.schedule(retryMs, () => {
      retries.delete(timer);
      void again();
    });
    retries.add(timer);
  }

  function enter(name: string, step: () => Promise<void>, tries: number): Promise<void> {
    last = last.then(() => take(name, step, tries));
    return last;
  }

  return {
    post: (name, step) => enter(name, step, 0),
    async close() {
      closed = true;
      for (const timer of retries) timer.cancel();
      await last;
    },
  };
}
