import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A file as the pool opens it. The same path for reading and for writing has two descriptors. */
export interface PooledFile {
  readonly path: string;
  /** `write` makes the file if there is none and reads too. */
  readonly mode: 'read' | 'write';
  /** Called before an idle descriptor is closed to make room. Never rejects. */
  readonly beforeClose?: (handle: FileHandle) => Promise<void>;
}

interface Entry {
  readonly file: PooledFile;
  readonly opened: Promise<FileHandle>;
  users: number;
  /** Closed by its last user. */
  forgotten: boolean;
}

const flags = { read: constants.O_RDONLY, write: constants.O_RDWR | constants.O_CREAT } as const;

/**
 * Keeps at most `limit` files open, however many logs are written and read: a descriptor is borrowed for one operation, stays open
 * for the next one, and is closed when another file needs its place. When all are in use, borrowers wait in line.
 */
export class DescriptorPool implements AsyncDisposable {
  readonly #limit: number;
  /** In order of last use, the oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: (() => void)[] = [];
  #closing = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Rejects with what `open` or `work` rejects with. */
  async use<T>(file: PooledFile, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const entry = await this.#borrow(file);
    try {
      return await work(await entry.opened);
    } finally {
      entry.users--;
      if (entry.forgotten && entry.users === 0) await this.#close(toKey(file), entry, false);
      else this.#waiting.shift()?.();
    }
  }

  /** Closes the file's descriptor, if there is one: now, or when its last user is done. Its owner has made durable what must be. */
  async forget(file: PooledFile): Promise<void> {
    const key = toKey(file);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (entry.users === 0) return this.#close(key, entry, false);
    // Whoever opens the path from here on gets what is there then.
    entry.forgotten = true;
    this.#entries.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#entries].map(([key, entry]) => this.#close(key, entry, true)));
  }

  async #borrow(file: PooledFile): Promise<Entry> {
    const key = toKey(file);
    for (;;) {
      const known = this.#entries.get(key);
      if (known !== undefined) {
        this.#entries.delete(key);
        this.#entries.set(key, known);
        known.users++;
        return known;
      }
      if (this.#entries.size + this.#closing < this.#limit) return this.#open(key, file);
      const idle = [...this.#entries].find(([, entry]) => entry.users === 0);
      if (idle === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else await this.#close(...idle, true);
    }
  }

  #open(key: string, file: PooledFile): Entry {
    const entry: Entry = { file, opened: open(file.path, flags[file.mode], 0o600), users: 1, forgotten: false };
    this.#entries.set(key, entry);
    entry.opened.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }

  async #close(key: string, entry: Entry, asks: boolean): Promise<void> {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    this.#closing++;
    try {
      const handle = await entry.opened;
      if (asks) await entry.file.beforeClose?.(handle);
      await handle.close();
    } catch {
      // It was never open, or the system closed it with an error that the owner's last flush has already met.
    } finally {
      this.#closing--;
      this.#waiting.shift()?.();
    }
  }
}

function toKey(file: PooledFile): string {
  return `${file.mode} ${file.path}`;
}
