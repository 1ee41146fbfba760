import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BackupError } from './backup-error.ts';
import { blockBytes, encodeTarHeader, paddingOf, type TarEntry } from './tar-header.ts';

/** Small files are many: they are collected to one write. */
const bufferBytes = 1024 * 1024;

/** Writes files one after another into an archive that plain `tar` reads, and digests all of it on the way. */
export class ArchiveWriter {
  readonly #handle: FileHandle;
  readonly #at: number;
  readonly #hash = createHash('sha256');
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #bytes = 0;

  /** `at` is the time that all files get. */
  constructor(handle: FileHandle, at: number) {
    this.#handle = handle;
    this.#at = at;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Length and digest of what was added so far. */
  seal(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  /** Rejects with `BackupError` (`changed`) when `content` is not as long as the entry says. */
  async add(entry: TarEntry, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    await this.#write(encodeTarHeader(entry, this.#at));
    let written = 0;
    for await (const piece of content) {
      written += piece.length;
      if (written > entry.bytes) break;
      await this.#write(piece);
    }
    if (written !== entry.bytes) {
      throw new BackupError(
        'changed',
        `${entry.name} was changed while it was copied (expected ${entry.bytes} bytes, got ${written}): try again`,
      );
    }
    await this.#write(Buffer.alloc(paddingOf(entry.bytes)));
  }

  /** Ends the archive and makes it durable. */
  async finish(): Promise<void> {
    await this.#write(Buffer.alloc(2 * blockBytes));
    await this.#flush();
    await this.#handle.sync();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#waiting += bytes.length;
    this.#pieces.push(bytes);
    if (this.#waiting >= bufferBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#waiting = 0;
    await this.#handle.writeFile(bytes);
  }
}
