import { logLineStart, type ProgressText, parseLogLine } from './parse-progress.ts';

/** A longer line is no line of progress. */
const maxLineBytes = 4 * 1024;
/** So many lines of one piece that look like progress are read, the last ones first, to find one that is. */
const maxTries = 16;

const newline = 10;
const start = Buffer.from(logLineStart);
const nothing = Buffer.alloc(0);

/**
 * Finds lines of progress in the stream as it comes in pieces. Of a piece the newest counts, and a line counts when its newline is
 * there. Keeps no more than one line that may be one, whatever the program prints.
 */
export class ProgressScan {
  #position = 0;
  /** The line that the pieces so far ended in; null when it cannot be one of ours. */
  #line: Buffer | null = nothing;

  /** Takes what of the piece was not seen yet. One that lies further ahead begins within a line that is not known. */
  feed(offset: number, piece: Uint8Array): ProgressText | null {
    const known = this.#position - offset;
    if (known >= piece.length) return null;
    if (known < 0) this.#line = null;
    this.#position = offset + piece.length;
    const all = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    return this.#scan(known > 0 ? all.subarray(known) : all);
  }

  #scan(bytes: Buffer): ProgressText | null {
    const first = bytes.indexOf(newline);
    const begun = this.#line;
    if (first < 0) {
      this.#line = begun === null ? null : toCandidate(begun, bytes);
      return null;
    }
    const last = bytes.lastIndexOf(newline);
    this.#line = toCandidate(nothing, bytes.subarray(last + 1));
    const whole = begun === null ? null : toCandidate(begun, bytes.subarray(0, first));
    return findLast(bytes.subarray(first, last + 1)) ?? (whole === null ? null : parseLogLine(whole.toString()));
  }
}

/** A copy of the two together, as long as they may be (the beginning of) a line of progress. */
function toCandidate(begun: Buffer, more: Buffer): Buffer | null {
  if (begun.length + more.length > maxLineBytes) return null;
  const line = Buffer.concat([begun, more]);
  const length = Math.min(line.length, start.length);
  return line.compare(start, 0, length, 0, length) === 0 ? line : null;
}

/** `bytes` begins and ends with a newline. */
function findLast(bytes: Buffer): ProgressText | null {
  // The short text is searched for several times faster, and most logs do not have it.
  if (bytes.indexOf('\n::', 0, 'latin1') < 0) return null;
  let end = bytes.length;
  for (let tries = 0; tries < maxTries && end > 0; tries += 1) {
    const at = bytes.subarray(0, end).lastIndexOf(`\n${logLineStart}`, undefined, 'latin1');
    if (at < 0) return null;
    const line = bytes.subarray(at + 1, bytes.indexOf(newline, at + 1));
    const found = line.length > maxLineBytes ? null : parseLogLine(line.toString());
    if (found !== null) return found;
    end = at + 1;
  }
  return null;
}
