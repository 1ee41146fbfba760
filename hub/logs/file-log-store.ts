import { existsSync } from 'node:fs';
import { mkdir, open, rm, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../runtime/has-code.ts';
import { DescriptorPool } from './descriptor-pool.ts';
import { toLogError } from './errors.ts';
import { FileLogWriter } from './file-log-writer.ts';
import { Growth } from './growth.ts';
import { LogError } from './log-error.ts';
import { type LogPaths, toLogPaths } from './log-paths.ts';
import type { LogMoment, LogStore, LogWriter } from './log-store.ts';
import { countMoments, readMoments } from './moments-file.ts';
import type { DigestState } from './running-digest.ts';
import { sizeOfFile } from './size-of-file.ts';

export interface FileLogStoreOptions {
  /** Made if there is none. Nobody else writes into it. */
  readonly folder: string;
  /** Files kept open at a time, writers and readers together. */
  readonly maxDescriptors?: number;
}

/** Pieces in which a log is read. */
const pieceBytes = 256 * 1024;
/** Digests kept of logs whose writer was closed: an agent that reconnects does not cost the reading of its whole log. */
const maxKeptDigests = 1000;

/**
 * Logs as files, for one machine: `<folder>/<2 hex digits>/<attempt>.log`, and `.times` beside it.
 *
 * What counts as durable: while a writer is open, what it flushed; else the size of the file. After `kill -9` the file may hold more
 * than was ever acknowledged. It counts, once it is flushed: bytes are appended in the order of the stream, so what is there is the
 * stream's beginning, and the agent, which keeps everything until its result is accepted, goes on from the length that the hub tells
 * it. A power loss may leave a tail of zeros: then the digest, which is made from the file, is not the agent's, and the hub sees it.
 */
export function createFileLogStore(options: FileLogStoreOptions): LogStore {
  return new FileLogStore(options);
}

class FileLogStore implements LogStore {
  readonly #root: string;
  readonly #descriptors: DescriptorPool;
  readonly #growth = new Growth();
  readonly #writers = new Map<string, FileLogWriter>();
  /** The last call of `write` or `remove` for each attempt: they go one after another. */
  readonly #opening = new Map<string, Promise<unknown>>();
  readonly #digests = new Map<string, DigestState>();
  /** Logs with bytes after a failed flush: the system may have dropped them and say otherwise, so only this much counts. */
  readonly #torn = new Map<string, number>();
  #closed = false;

  constructor({ folder, maxDescriptors = 512 }: FileLogStoreOptions) {
    this.#root = folder;
    this.#descriptors = new DescriptorPool(maxDescriptors);
  }

  async write(attempt: string): Promise<LogWriter> {
    const opening = (this.#opening.get(attempt) ?? Promise.resolve()).then(() => this.#open(attempt));
    this.#keepOrder(attempt, opening);
    return opening;
  }

  async length(attempt: string): Promise<number> {
    const durable = this.#writers.get(attempt)?.durable ?? this.#torn.get(attempt);
    if (durable !== undefined) return durable;
    const { log } = toLogPaths(this.#root, attempt);
    try {
      return sizeOfFile(log) ?? 0;
    } catch (error) {
      throw toLogError(error, attempt);
    }
  }

  async *read(attempt: string, start: number, end: number): AsyncGenerator<Uint8Array, void> {
    yield* this.#readWritten(attempt, start, Math.min(end, await this.length(attempt)));
  }

  async moments(attempt: string, start: number, end: number): Promise<readonly LogMoment[]> {
    const unsaved = (this.#writers.get(attempt)?.unsavedMoments ?? []).filter((moment) => moment.offset < end);
    const saved = await this.#savedMoments(attempt, start, end);
    const newest = saved.at(-1)?.offset ?? -1;
    return [...saved, ...unsaved.filter((moment) => moment.offset > newest)];
  }

  async remove(attempt: string): Promise<void> {
    const removing = (this.#opening.get(attempt) ?? Promise.resolve()).then(() => this.#remove(attempt));
    this.#keepOrder(attempt, removing);
    return removing;
  }

  async grown(attempt: string, offset: number, signal: AbortSignal): Promise<void> {
    if (this.#closed) return;
    // First the waiting, then the look: what grows in between would be missed the other way round.
    const waiting = this.#growth.wait(attempt, offset, signal);
    this.#growth.grew(attempt, await this.length(attempt).catch(() => Number.POSITIVE_INFINITY));
    await waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#opening.values());
    await Promise.all([...this.#writers.values()].map((writer) => writer[Symbol.asyncDispose]()));
    this.#growth.wakeAll();
    await this.#descriptors[Symbol.asyncDispose]();
  }

  #keepOrder(attempt: string, work: Promise<unknown>): void {
    const settled = work
      .catch(() => {})
      .then(() => {
        if (this.#opening.get(attempt) === settled) this.#opening.delete(attempt);
      });
    this.#opening.set(attempt, settled);
  }

  async #remove(attempt: string): Promise<void> {
    await this.#writers.get(attempt)?.[Symbol.asyncDispose]();
    const { log, times } = toLogPaths(this.#root, attempt);
    try {
      for (const path of [log, times]) {
        await rm(path, { force: true });
        // A descriptor that stays open would keep the bytes on the disk. Last, for a reader may open it until the name is gone.
        await this.#descriptors.forget({ path, mode: 'read' });
      }
    } catch (error) {
      throw toLogError(error, attempt);
    }
    this.#digests.delete(attempt);
    this.#torn.delete(attempt);
  }

  async #open(attempt: string): Promise<LogWriter> {
    if (this.#closed) throw new LogError('closed', 'the store of logs is closed');
    await this.#writers.get(attempt)?.[Symbol.asyncDispose]();
    const paths = toLogPaths(this.#root, attempt);
    try {
      const fresh = await this.#makeFolder(paths);
      const length = fresh ? 0 : await this.#settleLength(attempt, paths);
      const moments = length === 0 ? 0 : await this.#countMoments(paths, length);
      return this.#createWriter(attempt, paths, length, moments);
    } catch (error) {
      throw toLogError(error, attempt);
    }
  }

  #createWriter(attempt: string, paths: LogPaths, length: number, moments: number): FileLogWriter {
    const kept = this.#digests.get(attempt);
    const writer: FileLogWriter = new FileLogWriter({
      attempt,
      paths,
      descriptors: this.#descriptors,
      length,
      moments,
      digest: kept?.hashed === length ? kept : null,
      readWritten: (start, end) => this.#readWritten(attempt, start, end),
      syncFolder: length === 0 ? () => syncFolder(paths.folder) : null,
      onDurable: (durable) => this.#growth.grew(attempt, durable),
      onClosed: ({ durable, digest, torn }) => {
        if (this.#writers.get(attempt) === writer) this.#writers.delete(attempt);
        if (digest !== null) this.#keepDigest(attempt, digest);
        if (torn) this.#torn.set(attempt, durable);
      },
    });
    this.#digests.delete(attempt);
    this.#writers.set(attempt, writer);
    return writer;
  }

  /** Makes what the file holds durable and answers how much that is; cuts off what a failed flush left. */
  async #settleLength(attempt: string, paths: LogPaths): Promise<number> {
    const kept = this.#torn.get(attempt);
    if (sizeOfFile(paths.log) === null) {
      this.#torn.delete(attempt);
      return 0;
    }
    if (kept !== undefined) await truncate(paths.log, kept);
    const handle = await open(paths.log, 'r+');
    try {
      const { size } = await handle.stat();
      if (size > 0) await handle.datasync();
      this.#torn.delete(attempt);
      return size;
    } finally {
      await handle.close();
    }
  }

  async #countMoments(paths: LogPaths, length: number): Promise<number> {
    return this.#descriptors.use({ path: paths.times, mode: 'write' }, (handle) => countMoments(handle, length));
  }

  async #savedMoments(attempt: string, start: number, end: number): Promise<LogMoment[]> {
    const path = toLogPaths(this.#root, attempt).times;
    try {
      return await this.#descriptors.use({ path, mode: 'read' }, (handle) => readMoments(handle, start, end));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw toLogError(error, attempt);
    }
  }

  async *#readWritten(attempt: string, start: number, end: number): AsyncGenerator<Uint8Array, void> {
    const path = toLogPaths(this.#root, attempt).log;
    for (let offset = start; offset < end; ) {
      const piece = await this.#readPiece(path, attempt, offset, Math.min(pieceBytes, end - offset));
      if (piece.length === 0) return;
      offset += piece.length;
      yield piece;
    }
  }

  async #readPiece(path: string, attempt: string, offset: number, length: number): Promise<Uint8Array> {
    try {
      return await this.#descriptors.use({ path, mode: 'read' }, async (handle) => {
        const bytes = Buffer.allocUnsafeSlow(length);
        const { bytesRead } = await handle.read(bytes, 0, length, offset);
        return bytes.subarray(0, bytesRead);
      });
    } catch (error) {
      throw toLogError(error, attempt);
    }
  }

  #keepDigest(attempt: string, digest: DigestState): void {
    this.#digests.set(attempt, digest);
    const oldest = this.#digests.keys().next().value;
    if (this.#digests.size > maxKeptDigests && oldest !== undefined) this.#digests.delete(oldest);
  }

  /** Answers true when the folder was made, so that nothing can be in it. */
  async #makeFolder(paths: LogPaths): Promise<boolean> {
    if (existsSync(paths.folder)) return false;
    const made = await mkdir(paths.folder, { recursive: true, mode: 0o700 });
    if (made === undefined) return false;
    await syncFolder(dirname(made));
    if (made !== paths.folder) await syncFolder(dirname(paths.folder));
    return true;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
