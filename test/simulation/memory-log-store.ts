import { createHash } from 'node:crypto';
import { LogError } from '../../hub/logs/log-error.ts';
import type { LogMoment, LogStore, LogWriter } from '../../hub/logs/log-store.ts';
import type { SeededRandom } from './seeded-random.ts';

interface LogFile {
  bytes: Buffer;
  /** What a power loss leaves at least. */
  flushedBytes: number;
  moments: LogMoment[];
}

/** Where the logs of a simulated hub are. It stays when the hub is gone. */
export class LogDisk {
  readonly files = new Map<string, LogFile>();

  losePower(random: SeededRandom): void {
    for (const [attempt, file] of this.files) {
      const tail = random.below(file.bytes.length - file.flushedBytes + 1);
      const kept = Buffer.from(file.bytes.subarray(0, file.flushedBytes + tail));
      if (random.happens(0.25)) kept.fill(0, file.flushedBytes);
      if (kept.length === 0) this.files.delete(attempt);
      else this.files.set(attempt, { ...file, bytes: kept, flushedBytes: kept.length });
    }
  }

  /** As it is at this moment, and does not change. */
  copy(): LogDisk {
    const copy = new LogDisk();
    for (const [attempt, file] of this.files) {
      const bytes = Buffer.from(file.bytes.subarray(0, file.flushedBytes));
      copy.files.set(attempt, { bytes, flushedBytes: bytes.length, moments: [...file.moments] });
    }
    return copy;
  }
}

export interface MemoryLogOptions {
  readonly disk: LogDisk;
  /** One operation of the process that has it. */
  readonly through: <Result>(name: string, work: () => Promise<Result> | Result) => Promise<Result>;
  /** How long a flush takes; it rejects when the disk fails. */
  readonly flushing: () => Promise<void>;
  readonly writing: () => void;
  readonly removing: (attempt: string) => void;
}

/** The store of logs over a disk in memory, as `FileLogStore` is over files. */
export function createMemoryLogStore(options: MemoryLogOptions): LogStore {
  const { disk, through } = options;
  const writers = new Map<string, MemoryLogWriter>();
  const torn = new Map<string, number>();
  const waiters = new Set<{ readonly attempt: string; readonly offset: number; readonly wake: () => void }>();
  const turns = new Map<string, Promise<unknown>>();
  let closed = false;

  function grew(attempt: string, durable: number): void {
    for (const waiter of waiters) if (waiter.attempt === attempt && durable > waiter.offset) waiter.wake();
  }

  function inTurn<Result>(attempt: string, work: () => Promise<Result>): Promise<Result> {
    const done = (turns.get(attempt) ?? Promise.resolve()).then(work);
    turns.set(
      attempt,
      done.catch(() => {}),
    );
    return done;
  }

  function lengthOf(attempt: string): number {
    return writers.get(attempt)?.durable ?? torn.get(attempt) ?? disk.files.get(attempt)?.bytes.length ?? 0;
  }

  async function open(attempt: string): Promise<LogWriter> {
    if (closed) throw new LogError('closed', 'the store of logs is closed');
    await writers.get(attempt)?.[Symbol.asyncDispose]();
    const file = disk.files.get(attempt) ?? { bytes: Buffer.alloc(0), flushedBytes: 0, moments: [] };
    const kept = torn.get(attempt);
    if (kept !== undefined) file.bytes = Buffer.from(file.bytes.subarray(0, kept));
    if (file.bytes.length > file.flushedBytes) await options.flushing();
    torn.delete(attempt);
    file.flushedBytes = file.bytes.length;
    file.moments = file.moments.filter(({ offset }) => offset < file.bytes.length);
    const writer: MemoryLogWriter = new MemoryLogWriter(file, {
      ...options,
      onWrite: () => void disk.files.set(attempt, file),
      onDurable: (durable) => grew(attempt, durable),
      onClosed: (end) => {
        if (writers.get(attempt) === writer) writers.delete(attempt);
        if (end.torn) torn.set(attempt, end.durable);
      },
    });
    writers.set(attempt, writer);
    return writer;
  }

  return {
    write: (attempt) => through('open log', () => inTurn(attempt, () => open(attempt))),
    length: (attempt) => through('length of log', () => lengthOf(attempt)),
    async *read(attempt, start, end) {
      const bytes = await through('read log', () =>
        disk.files.get(attempt)?.bytes.subarray(start, Math.min(end, lengthOf(attempt))),
      );
      if (bytes !== undefined && bytes.length > 0) yield bytes;
    },
    async moments(attempt, start, end) {
      const all = disk.files.get(attempt)?.moments ?? [];
      const first = all.findLastIndex(({ offset }) => offset <= start);
      return all.slice(Math.max(0, first)).filter(({ offset }) => offset < end);
    },
    remove: (attempt) =>
      through('remove log', () =>
        inTurn(attempt, async () => {
          options.removing(attempt);
          await writers.get(attempt)?.[Symbol.asyncDispose]();
          disk.files.delete(attempt);
          torn.delete(attempt);
        }),
      ),
    async grown(attempt, offset, signal) {
      if (closed || signal.aborted || lengthOf(attempt) > offset) return;
      await new Promise<void>((resolve) => {
        const waiter = { attempt, offset, wake: () => wake() };
        const wake = () => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiters.add(waiter);
        signal.addEventListener('abort', wake);
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.all(turns.values());
      for (const writer of writers.values()) await writer[Symbol.asyncDispose]();
      for (const waiter of waiters) waiter.wake();
    },
  };
}

/** A moment is noted for so many milliseconds at most. */
const momentMs = 100;

interface WriterOptions extends MemoryLogOptions {
  readonly onWrite: () => void;
  readonly onDurable: (durable: number) => void;
  readonly onClosed: (end: { readonly durable: number; readonly torn: boolean }) => void;
}

class MemoryLogWriter implements LogWriter {
  readonly #file: LogFile;
  readonly #options: WriterOptions;
  #flushing: Promise<unknown> = Promise.resolve();
  #lastMomentAt: number | null = null;
  #failure: LogError | null = null;
  #closing: Promise<void> | null = null;

  constructor(file: LogFile, options: WriterOptions) {
    this.#file = file;
    this.#options = options;
  }

  get durable(): number {
    return this.#file.flushedBytes;
  }

  get length(): number {
    return this.#file.bytes.length;
  }

  append(bytes: Uint8Array, at: number): Promise<void> {
    return this.#options.through('append to log', () => {
      if (this.#closing !== null) throw closedError();
      if (this.#failure !== null) throw this.#failure;
      this.#try(() => this.#options.writing());
      if (this.#lastMomentAt === null || Math.abs(at - this.#lastMomentAt) >= momentMs) {
        this.#lastMomentAt = at;
        this.#file.moments.push({ offset: this.#file.bytes.length, at });
      }
      this.#file.bytes = Buffer.concat([this.#file.bytes, bytes]);
      this.#options.onWrite();
    });
  }

  flush(): Promise<number> {
    const flushed = this.#flushing.then(() => this.#options.through('flush log', () => this.#flush()));
    this.#flushing = flushed.catch(() => {});
    return flushed;
  }

  async digest(): Promise<string> {
    return createHash('sha256').update(this.#file.bytes).digest('hex');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.flush().catch(() => {});
    await this.#flushing;
    this.#failure ??= closedError();
    this.#options.onClosed({ durable: this.durable, torn: this.durable < this.length });
  }

  async #flush(): Promise<number> {
    if (this.#failure !== null) throw this.#failure;
    const { length } = this;
    if (length === this.durable) return length;
    try {
      await this.#options.flushing();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#file.flushedBytes = length;
    this.#options.onDurable(length);
    return length;
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): LogError {
    this.#failure ??=
      error instanceof LogError ? error : new LogError('broken', 'the simulated disk failed', { cause: error });
    return this.#failure;
  }
}

function closedError(): LogError {
  return new LogError('closed', 'this writer was closed; a newer one may be open');
}
