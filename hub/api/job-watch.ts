import type { JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** One job, kept up to date. Whoever asked for it disposes it. */
export interface WatchedJob extends Disposable {
  /** The newest known state. */
  readonly job: JobRecord;
  /** Resolves when the job is newer than `version`, or `signal` aborts. */
  changed(version: number, signal: AbortSignal): Promise<void>;
}

/** Lets readers wait for changes of jobs. One subscription to the store, however many there are. */
export class JobWatch implements Disposable {
  readonly #store: Store;
  readonly #watched = new Map<string, Set<(job: JobRecord) => void>>();
  readonly #subscription: Disposable;

  constructor(store: Store) {
    this.#store = store;
    this.#subscription = store.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'job') for (const tell of this.#watched.get(change.job.id) ?? []) tell(change.job);
      }
    });
  }

  /** Null when the account has no such job. */
  async watch(account: string, jobId: string): Promise<WatchedJob | null> {
    let newest: JobRecord | null = null;
    const wakers = new Set<() => void>();
    // Listening first: what changes while the store is read would be missed the other way round.
    const forget = this.#listen(jobId, (job) => {
      if (newest !== null && job.version <= newest.version) return;
      newest = job;
      for (const wake of wakers) wake();
    });
    const heard = () => newest;
    let read: JobRecord | null;
    try {
      read = await this.#store.queries.job(account, jobId);
    } catch (error) {
      forget();
      throw error;
    }
    if (read === null) {
      forget();
      return null;
    }
    if ((heard()?.version ?? -1) < read.version) newest = read;
    const current = (): JobRecord => heard() ?? read;
    return {
      get job() {
        return current();
      },
      changed(version, signal) {
        if (signal.aborted || current().version > version) return Promise.resolve();
        return new Promise((resolve) => {
          const wake = () => {
            wakers.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          wakers.add(wake);
          signal.addEventListener('abort', wake);
        });
      },
      [Symbol.dispose]: forget,
    };
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#watched.clear();
  }

  #listen(jobId: string, tell: (job: JobRecord) => void): () => void {
    const listeners = this.#watched.get(jobId) ?? new Set();
    this.#watched.set(jobId, listeners.add(tell));
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0 && this.#watched.get(jobId) === listeners) this.#watched.delete(jobId);
    };
  }
}
