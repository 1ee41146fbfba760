import { join } from 'node:path';
import type { FileSystem } from '../../runtime/file-system.ts';
import { progressFileName } from '../automations/job-environment.ts';
import { JobFileError, openJobFile, readFully } from '../automations/job-file.ts';
import { type ProgressText, parseProgressLine } from './parse-progress.ts';

/** Of the end of the file: the newest line is in it, or is too long. */
const maxTailBytes = 80 * 1024;

export interface ProgressFileOptions {
  readonly fs: FileSystem;
  /** Where the job's own files are. */
  readonly folder: string;
  /** The user that the job runs as, where that is not the agent's own. */
  readonly owner: number | null;
}

/** What a look at the file found. `newest` null: no line of it says anything; `wrong`: what the first of the lines beside that had wrong. */
export interface ProgressFound {
  readonly newest: ProgressText | null;
  readonly wrong: string | null;
}

/**
 * The file that `FARHAND_PROGRESS` names. Only its end is read, and all of that each time, so it does not matter whether a program
 * appends, writes the file anew or puts another in its place.
 */
export class ProgressFile {
  readonly #options: ProgressFileOptions;
  readonly #path: string;
  #seen = '';

  constructor(options: ProgressFileOptions) {
    this.#options = options;
    this.#path = join(options.folder, progressFileName);
  }

  /** Null when nothing changed since the last look. Never rejects for what a job did to the file. */
  async look(): Promise<ProgressFound | null> {
    const status = await this.#options.fs.lstat(this.#path);
    if (status === null) return null;
    const seen = `${status.type} ${status.size} ${status.modifiedAt}`;
    if (seen === this.#seen) return null;
    try {
      const found = findNewest(await this.#readTail());
      this.#seen = seen;
      return found;
    } catch (error) {
      if (!(error instanceof JobFileError)) throw error;
      this.#seen = seen;
      return { newest: null, wrong: error.message };
    }
  }

  async #readTail(): Promise<{ readonly text: string; readonly isWhole: boolean }> {
    const { fs, owner } = this.#options;
    const file = await openJobFile(fs, this.#path, { owner, variable: 'FARHAND_PROGRESS' });
    if (file === null) return { text: '', isWhole: true };
    try {
      const from = Math.max(0, (await file.size()) - maxTailBytes);
      const buffer = Buffer.alloc(maxTailBytes);
      const length = await readFully(file, buffer, from);
      return { text: buffer.toString('utf8', 0, length), isWhole: from === 0 };
    } finally {
      await file.close();
    }
  }
}

/** A line is complete with its newline. The first of a part may be half a line. */
function findNewest({ text, isWhole }: { readonly text: string; readonly isWhole: boolean }): ProgressFound {
  const lines = text.split('\n').slice(isWhole ? 0 : 1, -1);
  let wrong: string | null = null;
  for (const line of lines.toReversed()) {
    if (line.trim() === '') continue;
    const newest = parseProgressLine(line);
    if (newest !== null) return { newest, wrong };
    wrong = 'expected lines such as {"percent": 40, "message": "copying"} or: 40 copying';
  }
  if (lines.length === 0 && !isWhole) wrong = `expected lines of less than ${maxTailBytes} bytes`;
  return { newest: null, wrong };
}
