import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';

/**
 * The turns of one actor: one step at a time, in the order they were posted. A step that throws is logged and posted again
 * later, so every step must be right to repeat.
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

  async function take(name: string, step: () => Promise<void>): Promise<void> {
    if (closed) return;
    try {
      await step();
    } catch (err) {
      options.logger.error({ err, step: name, retryMs: options.retryMs }, 'step failed');
      if (!closed) retryLater(name, step);
    }
  }

  function retryLater(name: string, step: () => Promise<void>): void {
    const timer = options.clock.schedule(options.retryMs, () => {
      retries.delete(timer);
      void post(name, step);
    });
    retries.add(timer);
  }

  function post(name: string, step: () => Promise<void>): Promise<void> {
    last = last.then(() => take(name, step));
    return last;
  }

  return {
    post,
    async close() {
      closed = true;
      for (const timer of retries) timer.cancel();
      await last;
    },
  };
}
