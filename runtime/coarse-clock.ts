import type { Clock, Timer } from './clock.ts';

/**
 * A clock whose timers share few of `clock`: each fires with the next whole step, up to `stepMs` late. For what there are
 * thousands of, such as the signs of life of each agent: a timer of the system for each takes several times the memory.
 * A callback that throws keeps the others of its step from being called.
 */
export function createCoarseClock(clock: Clock, stepMs: number): Clock {
  const steps = new Map<string, Step>();
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    schedule(delayMs, callback, options) {
      const background = options?.background === true;
      const nowMs = clock.monotonic();
      const dueMs = Math.ceil((nowMs + Math.max(delayMs, 0)) / stepMs) * stepMs;
      const key = `${background ? 'background' : 'foreground'} ${dueMs}`;
      let step = steps.get(key);
      if (step === undefined) {
        const made: Step = new Step(() => void (steps.get(key) === made && steps.delete(key)));
        made.timer = clock.schedule(dueMs - nowMs, () => made.fire(), { background });
        steps.set(key, made);
        step = made;
      }
      return new StepTimer(step, callback);
    },
  };
}

/** One moment at which timers fire. Gone with the last of them. */
class Step {
  readonly timers = new Set<StepTimer>();
  readonly #forget: () => void;
  timer: Timer | null = null;

  constructor(forget: () => void) {
    this.#forget = forget;
  }

  fire(): void {
    this.#forget();
    for (const timer of this.timers) {
      this.timers.delete(timer);
      timer.callback();
    }
  }

  cancel(timer: StepTimer): void {
    if (!this.timers.delete(timer) || this.timers.size > 0) return;
    this.timer?.cancel();
    this.#forget();
  }
}

class StepTimer implements Timer {
  readonly #step: Step;
  readonly callback: () => void;

  constructor(step: Step, callback: () => void) {
    this.#step = step;
    this.callback = callback;
    step.timers.add(this);
  }

  cancel(): void {
    this.#step.cancel(this);
  }
}
