import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const LogLine = z.object({ message: z.string() });

/** What the daemons of a run wrote to their logs, which hold warnings and errors only, by message; the most frequent first. */
export async function countWarnings(
  folder: string,
): Promise<readonly { readonly message: string; readonly count: number }[]> {
  const counts = new Map<string, number>();
  for (const name of await readdir(folder)) {
    if (!/^(?:hub|agent)\.log-\d+$/.test(name)) continue;
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n').filter((text) => text !== '')) {
      const message = `${name.split('.')[0]}: ${readMessage(line)}`;
      counts.set(message, (counts.get(message) ?? 0) + 1);
    }
  }
  return [...counts].map(([message, count]) => ({ message, count })).toSorted((a, b) => b.count - a.count);
}

function readMessage(line: string): string {
  try {
    return LogLine.parse(JSON.parse(line)).message;
  } catch {
    return line;
  }
}
