import { createInbox } from './inbox.ts';
import type { Accepted } from './listener.ts';

/** Channels that nobody took yet. More are refused: whoever owns the listener is stuck. */
const maxWaiting = 1024;

/** The accepted channels of a listener, on their way to its owner. */
export interface AcceptQueue<Principal> extends AsyncIterable<Accepted<Principal>>, AsyncDisposable {
  readonly takes: boolean;
  push(accepted: Accepted<Principal>): void;
}

class BoundedAcceptQueue<Principal> implements AcceptQueue<Principal> {
  readonly #waiting = new Set<Accepted<Principal>>();
  readonly #inbox = createInbox<Accepted<Principal>>({
    maxBytes: Number.POSITIVE_INFINITY,
    onFull: () => {},
    onRoom: () => {},
  });
  #disposed: Promise<void> | null = null;

  get takes(): boolean {
    return this.#disposed === null && this.#waiting.size < maxWaiting;
  }

  push(accepted: Accepted<Principal>): void {
    this.#waiting.add(accepted);
    this.#inbox.push(accepted, 0);
  }

  [Symbol.asyncIterator](): AsyncIterator<Accepted<Principal>, undefined> {
    const accepted = this.#inbox[Symbol.asyncIterator]();
    return { next: () => this.#next(accepted) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#close();
    return this.#disposed;
  }

  async #next(accepted: AsyncIterator<Accepted<Principal>>): Promise<IteratorResult<Accepted<Principal>, undefined>> {
    for (;;) {
      const next = await accepted.next();
      if (next.done === true) return { value: undefined, done: true };
      // One that was closed by disposing is nobody's any more.
      if (this.#waiting.delete(next.value)) return next;
    }
  }

  async #close(): Promise<void> {
    this.#inbox.end();
    const left = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(left.map(({ channel }) => channel.close({ reason: 'the listener was closed' })));
  }
}

export function createAcceptQueue<Principal>(): AcceptQueue<Principal> {
  return new BoundedAcceptQueue();
}
