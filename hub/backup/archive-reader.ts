import { createHash } from 'node:crypto';
import { BackupError } from './backup-error.ts';
import { blockBytes, decodeTarHeader, paddingOf, type TarEntry } from './tar-header.ts';

/** A file of the archive. Its content must be read, or left, before the next one is asked for. */
export interface ArchivedFile extends TarEntry {
  /** Length and digest of what stands before this file in the archive. */
  readonly before: { readonly bytes: number; readonly sha256: string };
  content(): AsyncIterable<Uint8Array>;
}

/** Reads an archive from its beginning to its end, once, and closes `source`. Rejects with `BackupError` (`not-a-backup`). */
export async function* readArchive(source: AsyncIterable<Buffer>): AsyncGenerator<ArchivedFile, void> {
  const stream = new DigestedStream(source);
  try {
    for (;;) {
      const before = stream.seal();
      const header = decodeTarHeader(await stream.take(blockBytes));
      if (header === null) return;
      let left = header.bytes;
      const read = async function* (): AsyncGenerator<Uint8Array, void> {
        while (left > 0) {
          const piece = await stream.some(left);
          left -= piece.length;
          yield piece;
        }
      };
      yield { ...header, before, content: read };
      for await (const _ of read());
      await stream.take(paddingOf(header.bytes));
    }
  } finally {
    await stream.close();
  }
}

/** Bytes as they are asked for, digested on the way. */
class DigestedStream {
  readonly #source: AsyncIterator<Buffer>;
  readonly #hash = createHash('sha256');
  #rest: Buffer = Buffer.alloc(0);
  #bytes = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  seal(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  /** At least one byte, at most `limit`. */
  async some(limit: number): Promise<Buffer> {
    if (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) {
        throw new BackupError('not-a-backup', `the file ends after ${this.#bytes} bytes, in the middle of the backup`);
      }
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    this.#hash.update(piece);
    this.#bytes += piece.length;
    return piece;
  }

  async take(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = count; left > 0; left -= pieces.at(-1)?.length ?? 0) pieces.push(await this.some(left));
    return Buffer.concat(pieces);
  }
}
