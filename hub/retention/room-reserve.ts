import { randomFillSync } from 'node:crypto';
import { open, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../runtime/has-code.ts';
import { isNoSpace } from '../../runtime/is-no-space.ts';

const sliceBytes = 1024 * 1024;
const defaultBytes = 4 * sliceBytes;
/** The reserve is made where so many times its size are free: it must not be what fills the disk. */
const roomy = 4;

/**
 * Room that is kept aside on the hub's disk, as a file: to remove rows takes room first, and a disk that is full to the last byte could never
 * be made emptier.
 */
export class RoomReserve {
  readonly #folder: string;
  readonly #path: string;
  readonly #bytes: number;

  constructor({ folder, bytes = defaultBytes }: { readonly folder: string; readonly bytes?: number }) {
    this.#folder = folder;
    this.#path = join(folder, 'reserve');
    this.#bytes = bytes;
  }

  /** Makes it whole where there is room. Rejects with what else the file system says. */
  async keep(): Promise<void> {
    const size = await this.#size();
    const { bavail, bsize } = await statfs(this.#folder);
    if (size >= this.#bytes || bavail * bsize < roomy * this.#bytes) return;
    await using file = await open(this.#path, size === 0 ? 'w' : 'r+', 0o600);
    // Not zeros, which some file systems store as nothing.
    const noise = randomFillSync(Buffer.alloc(sliceBytes));
    try {
      for (let at = size; at < this.#bytes; at += sliceBytes) await file.write(noise, 0, sliceBytes, at);
      await file.datasync();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
    }
  }

  /** Gives a part of it up. False when nothing is left. */
  async give(): Promise<boolean> {
    const size = await this.#size();
    if (size > 0) await truncate(this.#path, Math.max(0, size - sliceBytes));
    return size > 0;
  }

  async #size(): Promise<number> {
    try {
      return (await stat(this.#path)).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return 0;
      throw error;
    }
  }
}
