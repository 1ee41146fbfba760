import type { FileHandle } from '../../runtime/file-system.ts';
import type { AttemptFolder } from './attempt-folder.ts';

const nothing: Uint8Array = new Uint8Array(0);

/** `raw`, opened at the first read and kept open until it is closed. */
export interface RawFile {
  /** Fewer bytes only where the file ends; none after `close`. */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export function createRawFile(folder: AttemptFolder): RawFile {
  let opening: Promise<FileHandle | null> | null = null;
  let closed = false;

  async function handle(): Promise<FileHandle | null> {
    opening ??= folder.openRaw();
    const opened = await opening;
    if (opened === null) opening = null;
    return opened;
  }

  return {
    async read(position, length) {
      const file = closed ? null : await handle();
      if (file === null) return nothing;
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const count = await file.read(buffer.subarray(filled), position + filled);
        if (count === 0) break;
        filled += count;
      }
      return buffer.subarray(0, filled);
    },
    async close() {
      closed = true;
      await (await opening)?.close();
    },
  };
}
