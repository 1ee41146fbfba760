import type { Readable } from 'node:stream';

/** What comes out of a pipe, up to a bound. The pipe is read on whatever comes, so that the writer never blocks. */
export interface BoundedOutput {
  /** The first bytes, as many as the bound. */
  readonly head: Buffer;
  /** The last bytes, as many as the bound. */
  readonly tail: Buffer;
  readonly isOver: boolean;
}

export function collectOutput(pipe: Readable, maxBytes: number, onOver: () => void): BoundedOutput {
  const chunks: Buffer[] = [];
  let length = 0;
  let tail = Buffer.alloc(0);
  // What went wrong is told by its end.
  pipe.on('error', () => {});
  pipe.on('data', (chunk: Buffer) => {
    const wasOver = length > maxBytes;
    const kept = Math.min(length, maxBytes);
    if (kept < maxBytes) chunks.push(chunk.subarray(0, maxBytes - kept));
    length += chunk.length;
    tail = Buffer.concat([tail, chunk]).subarray(-maxBytes);
    if (!wasOver && length > maxBytes) onOver();
  });
  return {
    get head() {
      return Buffer.concat(chunks);
    },
    get tail() {
      return tail;
    },
    get isOver() {
      return length > maxBytes;
    },
  };
}
