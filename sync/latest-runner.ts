/**
 * Works on values by key: one at a time for each key, different keys in parallel. While a key is at work only the newest
 * value for it waits, so what is held is bounded by the number of keys.
 *
 * Dispose drops what waits, and resolves when what is at work has ended.
 */
export interface LatestRunner<Value> extends AsyncDisposable {
  /** `superseded`: the one that waits or is at work is as new. `full`: too many keys are at work, or the runner is disposed. */
  put(key: string, value: Value): 'taken' | 'superseded' | 'full';
  isBusy(key: string): boolean;
}

export interface LatestRunnerOptions<Value> {
  run(key: string, value: Value): Promise<void>;
  onError(key: string, error: unknown): void;
  isNewer(candidate: Value, held: Value): boolean;
  readonly maxKeys: number;
}

interface Work<Value> {
  current: Value;
  next: { readonly value: Value } | null;
  done: Promise<void>;
}

class KeyedRunner<Value> implements LatestRunner<Value> {
  readonly #options: LatestRunnerOptions<Value>;
  readonly #work = new Map<string, Work<Value>>();
  #disposed = false;

  constructor(options: LatestRunnerOptions<Value>) {
    this.#options = options;
  }

  put(key: string, value: Value): 'taken' | 'superseded' | 'full' {
    if (this.#disposed) return 'full';
    const work = this.#work.get(key);
    if (work !== undefined) {
      if (!this.#options.isNewer(value, work.next === null ? work.current : work.next.value)) return 'superseded';
      work.next = { value };
      return 'taken';
    }
    if (this.#work.size >= this.#options.maxKeys) return 'full';
    const begun: Work<Value> = { current: value, next: null, done: Promise.resolve() };
    this.#work.set(key, begun);
    begun.done = this.#run(key, begun);
    return 'taken';
  }

  isBusy(key: string): boolean {
    return this.#work.has(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await Promise.all([...this.#work.values()].map((work) => work.done));
  }

  async #run(key: string, work: Work<Value>): Promise<void> {
    for (;;) {
      try {
        await this.#options.run(key, work.current);
      } catch (error) {
        this.#options.onError(key, error);
      }
      if (work.next === null || this.#disposed) break;
      work.current = work.next.value;
      work.next = null;
    }
    this.#work.delete(key);
  }
}

export function createLatestRunner<Value>(options: LatestRunnerOptions<Value>): LatestRunner<Value> {
  return new KeyedRunner(options);
}
