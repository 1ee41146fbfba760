import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut: memory is not for a child that never ends its line. */
const maxLineLength = 64 * 1024;

/** Calls `each` with every line of a stream, without its end, until the stream ends, one after another: whoever is slow slows the stream. Never rejects. */
export async function readLines(stream: Readable, each: (line: string) => void | Promise<void>): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = (lines.pop() ?? '').slice(0, maxLineLength);
      for (const line of lines) await each(line.slice(0, maxLineLength));
    }
  } catch {
    // The child is gone; what it said until then was passed on.
  }
  if (rest !== '') await each(rest);
}
