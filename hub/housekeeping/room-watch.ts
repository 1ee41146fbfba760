import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isNoSpace } from '../../runtime/is-no-space.ts';
import type { Logger } from '../../runtime/logger.ts';
import { LogError } from '../logs/log-error.ts';
import { StoreError } from '../store/store-error.ts';

/** What is written to see whether there is room again: more than a commit or a piece of a log takes. */
const probeBytes = 256 * 1024;

/**
 * Knows whether the disk of the data folder is full: it was, from the first write that failed for want of room, until as much as
 * `tryAgain` writes fits again. A guess by the free bytes would be wrong where somebody has a share of his own.
 */
export class RoomWatch {
  readonly #folder: string;
  readonly #logger: Logger;
  #isFull = false;

  constructor({ folder, logger }: { readonly folder: string; readonly logger: Logger }) {
    this.#folder = folder;
    this.#logger = logger;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** A write of the store or of a log came to nothing. */
  failed(error: unknown): void {
    const isFull = (error instanceof StoreError || error instanceof LogError) && error.code === 'full';
    if (!isFull || this.#isFull) return;
    this.#isFull = true;
    this.#logger.error({ folder: this.#folder }, 'the disk is full: nothing is stored until there is room');
  }

  /** Does nothing unless the disk was full. Rejects when it cannot be tried. */
  async tryAgain(): Promise<void> {
    if (!this.#isFull || !(await this.#fits())) return;
    this.#isFull = false;
    this.#logger.info({ folder: this.#folder }, 'the disk has room again');
  }

  async #fits(): Promise<boolean> {
    const path = join(this.#folder, 'room-probe');
    try {
      await using file = await open(path, 'w', 0o600);
      await file.write(Buffer.alloc(probeBytes));
      await file.datasync();
      return true;
    } catch (error) {
      if (isNoSpace(error)) return false;
      throw error;
    } finally {
      await rm(path, { force: true });
    }
  }
}
