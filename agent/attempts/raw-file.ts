import type { FileHandle } from '../../runtime/file-system.ts';
import type { AttemptFolder } from './attempt-folder.ts';

/** `raw`, opened at the first read and kept open until it is closed. */
export interface RawFile {
  /** Fills `buffer` and answers how many bytes came: fewer than fit only where the file ends, none after `close`. */
  read(position: number, buffer: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export function createRawFile(folder: AttemptFolder): RawFile {
  let opening: Promise<FileHandle | null> | null = null;
  let closed = false;

  /** What cannot be opened now may be later. */
  async function handle(): Promise<FileHandle | null> {
    let opened: FileHandle | null = null;
    try {
      opening ??= folder.openRaw();
      opened = await opening;
    } finally {
      if (opened === null) opening = null;
    }
    return opened;
  }

  return {
    async read(position, buffer) {
      const file = closed ? null : await handle();
      let filled = 0;
      while (file !== null && filled < buffer.length) {
        const count = await file.read(buffer.subarray(filled), position + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled;
    },
    async close() {
      closed = true;
      await (await opening?.catch(() => null))?.close();
    },
  };
}
