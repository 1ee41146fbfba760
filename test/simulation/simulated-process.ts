import type { Clock } from '../../runtime/clock.ts';

/** Where a process is to die: at the operation that comes after so many others, before it did anything or when all of it is done. */
export interface CrashPoint {
  readonly operations: number;
  /** Only operations with this in their name count; null: all. */
  readonly on: string | null;
  readonly when: 'before' | 'after';
  readonly strike: () => void;
}

/**
 * One process of the real program. All that it can do to the world goes through here, so that it can be dead between any two of these
 * operations: what it awaits is never answered, and none of its timers fires.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #onOperation: (name: string) => void;
  readonly #onDeath: (() => void)[] = [];
  #isAlive = true;
  #armed: { left: number; readonly point: CrashPoint } | null = null;

  /** `wallOffsetMs`: how far the machine's wall clock is off. */
  constructor(options: {
    readonly name: string;
    readonly clock: Clock;
    readonly wallOffsetMs: () => number;
    readonly onOperation: (name: string) => void;
  }) {
    const { name, clock, wallOffsetMs } = options;
    this.name = name;
    this.#onOperation = options.onOperation;
    this.clock = {
      now: () => Math.floor(clock.now() + wallOffsetMs()),
      monotonic: () => clock.monotonic(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, () => this.#isAlive && callback()),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  arm(point: CrashPoint): void {
    this.#armed = { left: point.operations, point };
  }

  disarm(): void {
    this.#armed = null;
  }

  onDeath(listener: () => void): void {
    this.#onDeath.push(listener);
  }

  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const listener of this.#onDeath) listener();
  }

  /** One operation. Its answer is never heard when the process dies meanwhile. */
  async through<Result>(name: string, work: () => Promise<Result> | Result): Promise<Result> {
    if (!this.#isAlive || this.#dies('before', name)) return forever();
    this.#onOperation(name);
    const outcome = await settle(work);
    if (!this.#isAlive || this.#dies('after', name)) return forever();
    if (outcome.type === 'failed') throw outcome.error;
    return outcome.result;
  }

  #dies(when: CrashPoint['when'], name: string): boolean {
    const armed = this.#armed;
    if (armed === null || armed.point.when !== when || !name.includes(armed.point.on ?? '')) return false;
    if (armed.left > 0) {
      armed.left -= 1;
      return false;
    }
    this.#armed = null;
    armed.point.strike();
    return true;
  }
}

async function settle<Result>(
  work: () => Promise<Result> | Result,
): Promise<{ readonly type: 'done'; readonly result: Result } | { readonly type: 'failed'; readonly error: unknown }> {
  try {
    return { type: 'done', result: await work() };
  } catch (error) {
    return { type: 'failed', error };
  }
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
