import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes `bench/results/<date>.md`, with a number behind it where the day has one. Resolves with its path. */
export async function writeResults(text: string, now: Date): Promise<string> {
  const day = now.toISOString().slice(0, 10);
  for (let number = 1; ; number += 1) {
    const path = join(import.meta.dirname, 'results', `${day}${number === 1 ? '' : `-${number}`}.md`);
    try {
      await using file = await open(path, 'wx');
      await file.writeFile(text);
      return path;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
