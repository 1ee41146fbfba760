import type { FileHandle } from 'node:fs/promises';
import type { DescriptorPool, PooledFile } from './descriptor-pool.ts';
import { toLogError } from './errors.ts';
import { LogError } from './log-error.ts';
import type { LogPaths } from './log-paths.ts';
import type { LogMoment, LogWriter } from './log-store.ts';
import { appendMoments } from './moments-file.ts';
import { type DigestState, RunningDigest } from './running-digest.ts';
import { writeFully } from './write-fully.ts';

/** The index of times has an entry for so many milliseconds at most. */
const momentMs = 100;

export interface FileLogWriterOptions {
  readonly attempt: string;
  readonly paths: LogPaths;
  readonly descriptors: DescriptorPool;
  /** What the file holds, durably. */
  readonly length: number;
  /** How many moments the index holds. */
  readonly moments: number;
  readonly digest: DigestState | null;
  /** Reads bytes that are in the file, durable or not. */
  readonly readWritten: (start: number, end: number) => AsyncIterable<Uint8Array>;
  /** Makes the file's entry in its folder durable; null when it is. */
  readonly syncFolder: (() => Promise<void>) | null;
  readonly onDurable: (length: number) => void;
  /** Called once, when nothing is in flight any more. */
  readonly onClosed: (end: {
    readonly durable: number;
    readonly digest: DigestState | null;
    readonly torn: boolean;
  }) => void;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly written: () => void;
  readonly failed: (error: LogError) => void;
}

/**
 * Writes one log. Pieces that come while a write is under way go out together in the next one, and flushes asked for while one is
 * under way share the next one. The first failure ends the writer: a hole in the middle of a log must not come to be.
 */
export class FileLogWriter implements LogWriter {
  readonly #options: FileLogWriterOptions;
  readonly #digest: RunningDigest;
  readonly #file: PooledFile;
  readonly #timesFile: PooledFile;
  #length: number;
  #written: number;
  #durable: number;
  #pieces: Piece[] = [];
  #writing: Promise<void> | null = null;
  #flushing: Promise<unknown> = Promise.resolve();
  #nextFlush: Promise<number> | null = null;
  #syncFolder: (() => Promise<void>) | null;
  #unsavedMoments: LogMoment[] = [];
  #savedMoments: number;
  #lastMomentAt: number | null = null;
  #failure: LogError | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: FileLogWriterOptions) {
    this.#options = options;
    this.#length = this.#written = this.#durable = options.length;
    this.#savedMoments = options.moments;
    this.#syncFolder = options.syncFolder;
    this.#digest = new RunningDigest(options.readWritten, options.digest);
    this.#file = { path: options.paths.log, mode: 'write', beforeClose: (handle) => this.#saveBeforeClose(handle) };
    this.#timesFile = { path: options.paths.times, mode: 'write' };
    this.#hashInBackground();
  }

  get durable(): number {
    return this.#durable;
  }

  get length(): number {
    return this.#length;
  }

  /** Moments that are not in the index yet. */
  get unsavedMoments(): readonly LogMoment[] {
    return this.#unsavedMoments;
  }

  append(bytes: Uint8Array, at: number): Promise<void> {
    if (this.#closing !== null) return Promise.reject(this.#closedError());
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (bytes.length === 0) return Promise.resolve();
    this.#noteMoment(at);
    this.#length += bytes.length;
    return new Promise((written, failed) => {
      this.#pieces.push({ bytes, written, failed });
      this.#writing ??= this.#writePieces();
    });
  }

  flush(): Promise<number> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#durable === this.#length) return Promise.resolve(this.#durable);
    if (this.#nextFlush === null) {
      const next = this.#flushing.then(() => {
        this.#nextFlush = null;
        return this.#flushWritten();
      });
      this.#nextFlush = next;
      this.#flushing = next.catch(() => {});
    }
    return this.#nextFlush;
  }

  async digest(): Promise<string> {
    await this.#settled();
    try {
      await this.#digest.catchUp(this.#written);
    } catch (error) {
      throw this.#fail(error);
    }
    return this.#digest.value();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.flush().catch(() => {});
    await this.#flushing;
    await this.#writing;
    await this.#options.descriptors.forget(this.#file);
    await this.#options.descriptors.forget(this.#timesFile);
    this.#failure ??= this.#closedError();
    this.#options.onClosed({
      durable: this.#durable,
      digest: this.#digest.stateAt(this.#durable),
      torn: this.#durable < this.#length,
    });
  }

  async #writePieces(): Promise<void> {
    while (this.#pieces.length > 0) {
      const pieces = this.#pieces;
      this.#pieces = [];
      const error = this.#failure ?? (await this.#write(pieces.map((piece) => piece.bytes)));
      for (const piece of pieces) {
        if (error === null) piece.written();
        else piece.failed(error);
      }
    }
    this.#writing = null;
    this.#hashInBackground();
  }

  async #write(buffers: readonly Uint8Array[]): Promise<LogError | null> {
    const start = this.#written;
    try {
      await this.#options.descriptors.use(this.#file, async (handle) => {
        const writing = writeFully(handle, buffers, start);
        let offset = start;
        for (const bytes of buffers) {
          this.#digest.update(offset, bytes);
          offset += bytes.length;
        }
        await writing;
        this.#written = offset;
      });
      return null;
    } catch (error) {
      return this.#fail(error);
    }
  }

  async #flushWritten(): Promise<number> {
    await this.#settled();
    const length = this.#written;
    if (length === this.#durable) return length;
    try {
      await Promise.all([
        this.#options.descriptors.use(this.#file, (handle) => handle.datasync()),
        this.#saveMoments(),
        this.#syncFolder?.(),
      ]);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#syncFolder = null;
    this.#durable = length;
    this.#options.onDurable(length);
    return length;
  }

  /** Resolves when nothing is being written. Rejects if something could not be. */
  async #settled(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** A descriptor that makes room for another takes what the system knows of failed writes with it: ask first. */
  async #saveBeforeClose(handle: FileHandle): Promise<void> {
    if (this.#durable === this.#written) return;
    await handle.datasync().catch((error: unknown) => this.#fail(error));
  }

  #noteMoment(at: number): void {
    if (this.#lastMomentAt !== null && Math.abs(at - this.#lastMomentAt) < momentMs) return;
    this.#lastMomentAt = at;
    this.#unsavedMoments.push({ offset: this.#length, at });
  }

  async #saveMoments(): Promise<void> {
    const moments = this.#unsavedMoments.filter((moment) => moment.offset < this.#written);
    if (moments.length === 0) return;
    await this.#options.descriptors.use(this.#timesFile, (handle) =>
      appendMoments(handle, this.#savedMoments, moments),
    );
    this.#savedMoments += moments.length;
    this.#unsavedMoments = this.#unsavedMoments.slice(moments.length);
  }

  /** A digest that fails here fails again, with an answer to it, when it is asked for. */
  #hashInBackground(): void {
    if (this.#digest.hashed < this.#written) this.#digest.catchUp(this.#written).catch(() => {});
  }

  #fail(error: unknown): LogError {
    this.#failure ??= toLogError(error, this.#options.attempt);
    return this.#failure;
  }

  #closedError(): LogError {
    return new LogError(
      'closed',
      `log of attempt ${this.#options.attempt}: this writer was closed; a newer one may be open`,
    );
  }
}
