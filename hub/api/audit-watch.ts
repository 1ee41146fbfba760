import type { AuditRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** What a reader waits for: all events of an account, or those of one object. */
export interface AuditTopic {
  readonly account: string;
  /** `job:` and its id; null for all. */
  readonly object: string | null;
}

interface NewestRead {
  readonly after: number;
  readonly limit: number;
  readonly events: Promise<readonly AuditRecord[]>;
}

/**
 * Wakes whoever waits for new audit events, and nobody else. One subscription to the store, however many wait; those that wait for the
 * same read it once.
 */
export class AuditWatch implements Disposable {
  readonly #store: Store;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** By account, until something new is there. */
  readonly #newest = new Map<string, NewestRead>();
  readonly #subscription: Disposable;

  constructor(store: Store) {
    this.#store = store;
    this.#subscription = store.subscribe((changes) => {
      const topics = new Set<string>();
      for (const change of changes) {
        if (change.type !== 'audit') continue;
        const { account, object } = change;
        this.#newest.delete(account);
        topics.add(keyOf({ account, object: null })).add(keyOf({ account, object }));
      }
      for (const topic of topics) for (const wake of this.#waiting.get(topic) ?? []) wake();
    });
  }

  /** Resolves at the next event of the topic, or when `signal` aborts. */
  next(topic: AuditTopic, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const key = keyOf(topic);
    return new Promise((resolve) => {
      const others = this.#waiting.get(key) ?? new Set();
      const wake = () => {
        others.delete(wake);
        if (others.size === 0 && this.#waiting.get(key) === others) this.#waiting.delete(key);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.set(key, others.add(wake));
      signal.addEventListener('abort', wake);
    });
  }

  /** Events of the account after this one, in order. */
  read(account: string, after: number, limit: number): Promise<readonly AuditRecord[]> {
    const newest = this.#newest.get(account);
    if (newest?.after === after && newest.limit === limit) return newest.events;
    const events = this.#store.queries.auditAfter(account, after, limit);
    this.#newest.set(account, { after, limit, events });
    events.catch(() => this.#newest.delete(account));
    return events;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}

function keyOf({ account, object }: AuditTopic): string {
  return `${account}\n${object ?? ''}`;
}
