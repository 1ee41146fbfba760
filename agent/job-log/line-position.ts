import { join } from 'node:path';
import { type FileHandle, type FileSystem, readSmallFile } from '../../runtime/file-system.ts';

/** How much of an attempt was written to the job log. */
export interface LinePosition {
  /** Bytes of the stream. */
  readonly offset: number;
  /** The closing document too. */
  readonly ended: boolean;
}

const beginning: LinePosition = { offset: 0, ended: false };
const pattern = /^(\d{1,16}) +([01])\n$/;

/**
 * `lines` in the attempt's folder: a text of one length, written over in place and never flushed. It outlives the agent, and where it does
 * not outlive the machine lines come twice.
 */
export interface LinePositionFile extends AsyncDisposable {
  /** The beginning, where there is none that can be read. */
  read(): Promise<LinePosition>;
  write(position: LinePosition): Promise<void>;
}

export function linePositionFile(fs: FileSystem, folder: string): LinePositionFile {
  const path = join(folder, 'lines');
  let opening: Promise<FileHandle> | null = null;

  async function open(): Promise<FileHandle> {
    return fs.open(path, (await fs.lstat(path)) === null ? 'wx' : 'r+');
  }

  return {
    async read() {
      const bytes = await readSmallFile(fs, path);
      const [, offset, ended] = pattern.exec(Buffer.from(bytes ?? []).toString('latin1')) ?? [];
      return offset === undefined ? beginning : { offset: Number(offset), ended: ended === '1' };
    },
    async write({ offset, ended }) {
      opening ??= open();
      try {
        const file = await opening;
        await file.write(Buffer.from(`${String(offset).padEnd(16)} ${ended ? 1 : 0}\n`), 0);
      } catch (error) {
        opening = null;
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => null))?.close();
    },
  };
}
