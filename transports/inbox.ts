/** What a waiting item costs beside its own size, so that a flood of empty ones is bounded too. */
const overheadBytes = 64;

/** Items in order for one reader, with a bound on what waits for it. */
export interface Inbox<T> extends AsyncIterable<T> {
  push(item: T, bytes: number): void;
  /** No more will come; what waits is still delivered. Later pushes are dropped. */
  end(): void;
  /** More waits than the bound allows. */
  readonly full: boolean;
}

/** Where the items come from. */
export interface InboxOptions {
  readonly maxBytes: number;
  /** The bound was passed: stop the source. */
  onFull(): void;
  /** At most half of the bound is left: start it again. */
  onRoom(): void;
}

type Reader<T> = (result: IteratorResult<T, undefined>) => void;

class BoundedInbox<T> implements Inbox<T> {
  readonly #options: InboxOptions;
  /** Who waits: mostly one, and an array for one takes as much room as seventeen. */
  #reader: Reader<T> | null = null;
  #moreReaders: Reader<T>[] | null = null;
  /** Read ones are cleared, so that they can be collected before the array is cut. */
  #items: ({ readonly item: T; readonly bytes: number } | undefined)[] = [];
  #head = 0;
  #waitingBytes = 0;
  #ended = false;
  #full = false;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#full;
  }

  push(item: T, size: number): void {
    if (this.#ended) return;
    const reader = this.#nextReader();
    if (reader !== null) {
      reader({ value: item, done: false });
      return;
    }
    const bytes = size + overheadBytes;
    this.#items.push({ item, bytes });
    this.#waitingBytes += bytes;
    if (!this.#full && this.#waitingBytes > this.#options.maxBytes) {
      this.#full = true;
      this.#options.onFull();
    }
  }

  end(): void {
    this.#ended = true;
    for (let reader = this.#nextReader(); reader !== null; reader = this.#nextReader()) {
      reader({ value: undefined, done: true });
    }
  }

  /** Leaving a loop early loses nothing: the next loop goes on behind it. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    const head = this.#items[this.#head];
    if (head !== undefined) {
      this.#shift(head.bytes);
      return Promise.resolve({ value: head.item, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      if (this.#reader === null) this.#reader = resolve;
      else (this.#moreReaders ??= []).push(resolve);
    });
  }

  #nextReader(): Reader<T> | null {
    const reader = this.#reader;
    this.#reader = this.#moreReaders?.shift() ?? null;
    return reader;
  }

  #shift(bytes: number): void {
    this.#items[this.#head] = undefined;
    this.#head += 1;
    // Moving the rest is paid for by the items that were read since.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#waitingBytes -= bytes;
    if (this.#full && this.#waitingBytes * 2 <= this.#options.maxBytes) {
      this.#full = false;
      if (!this.#ended) this.#options.onRoom();
    }
  }
}

export function createInbox<T>(options: InboxOptions): Inbox<T> {
  return new BoundedInbox<T>(options);
}
