import type { DummySettings } from './dummy-settings.ts';

/** A line of filler, with its end. */
const fillerLine = Buffer.from(`${'.'.repeat(63)}\n`);

/** What a command prints, as a function of its settings: any piece of it can be had at any time. */
export interface DummyOutput {
  readonly length: number;
  /** From `from` on, at most `maxBytes`; empty at the end. */
  read(from: number, maxBytes: number): Buffer;
}

/** `count` lines of `lineBytes` each, the last one cut at `length`. */
function repeat(length: number, lineBytes: number, line: (index: number) => Buffer): DummyOutput {
  return {
    length,
    read(from, maxBytes) {
      const to = Math.min(length, from + maxBytes);
      if (to <= from) return Buffer.alloc(0);
      const first = Math.floor(from / lineBytes);
      const last = Math.floor((to - 1) / lineBytes);
      const lines = Array.from({ length: last - first + 1 }, (_, index) => line(first + index));
      return Buffer.concat(lines).subarray(from - first * lineBytes, to - first * lineBytes);
    },
  };
}

function inSequence(parts: readonly DummyOutput[]): DummyOutput {
  return {
    length: parts.reduce((sum, part) => sum + part.length, 0),
    read(from, maxBytes) {
      let start = 0;
      for (const part of parts) {
        if (from < start + part.length) return part.read(from - start, maxBytes);
        start += part.length;
      }
      return Buffer.alloc(0);
    },
  };
}

export function toDummyOutput({ print, lines, bytes }: DummySettings): DummyOutput {
  const text = Buffer.from(print);
  const digits = String(lines).length;
  const toLine = (index: number) => Buffer.from(`line ${String(index + 1).padStart(digits, '0')} of ${lines}\n`);
  const lineBytes = toLine(0).length;
  return inSequence([
    repeat(text.length, Math.max(1, text.length), () => text),
    repeat(lines * lineBytes, lineBytes, toLine),
    repeat(bytes, fillerLine.length, () => fillerLine),
  ]);
}
