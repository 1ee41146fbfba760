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

/** Whose work it is. */
export interface LatestRunnerOwner<Value> {
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
  readonly #owner: LatestRunnerOwner<Value>;
  /** Null while nothing is at work. */
  #work: Map<string, Work<Value>> | null = null;
  #disposed = false;

  constructor(owner: LatestRunnerOwner<Value>) {
    this.#owner = owner;
  }

  put(key: string, value: Value): 'taken' | 'superseded' | 'full' {
    if (this.#disposed) return 'full';
    const work = this.#work?.get(key);
    if (work !== undefined) {
      if (!this.#owner.isNewer(value, work.next === null ? work.current : work.next.value)) return 'superseded';
      work.next = { value };
      return 'taken';
    }
    this.#work ??= new Map();
    if (this.#work.size >= this.#owner.maxKeys) return 'full';
    const begun: Work<Value> = { current: value, next: null, done: Promise.resolve() };
    this.#work.set(key, begun);
    begun.done = this.#run(key, begun);
    return 'taken';
  }

  isBusy(key: string): boolean {
    return this.#work?.has(key) === true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await Promise.all([...(this.#work?.values() ?? [])].map((work) => work.done));
  }

  async #run(key: string, work: Work<Value>): Promise<void> {
    for (;;) {
      try {
        await this.#owner.run(key, work.current);
      } catch (error) {
        this.#owner.onError(key, error);
      }
      if (work.next === null || this.#disposed) break;
      work.current = work.next.value;
      work.next = null;
    }
    this.#work?.delete(key);
    if (this.#work?.size === 0) this.#work = null;
  }
}

export function createLatestRunner<Value>(owner: LatestRunnerOwner<Value>): LatestRunner<Value> {
  return new KeyedRunner(owner);
}
