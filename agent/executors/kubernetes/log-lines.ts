/** A piece of a container's log: `time` is set where a line begins, with the kubelet's word for when. */
export type LogPiece =
  | { readonly type: 'line'; readonly time: LogTime }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** What is no line of a log: the rest of one that began before the time asked for, or words of the kubelet's own. */
  | { readonly type: 'foreign'; readonly text: string };

/** When a line was written, as the node's clock says it. */
export interface LogTime {
  /** Whole seconds since 1970: all that a request can name. */
  readonly second: number;
  /** Nanoseconds of that second. */
  readonly nanos: number;
}

/** Lines of two streams of one program can be out of order by less than this. */
export const disorderSeconds = 2;

const newline = 0x0a;
const blank = 0x20;

/** Longer than any time that is written before a line. */
const maxPrefixBytes = 40;

/** `2026-11-21T02:00:10.123456789Z` */
const usualLength = 30;
const secondLength = 19;

/** What of a foreign line is kept. */
const maxForeignBytes = 1024;

/**
 * Takes the times off a log that was asked for with `timestamps=true`, byte by byte as it comes: each line begins with a time and one
 * blank. The rest is passed on as it is, also of a line whose end has not come.
 */
export class LogLines {
  #state: 'prefix' | 'line' | 'foreign' = 'prefix';
  #held: Buffer = Buffer.alloc(0);
  /** Most lines are of the second of the line before. */
  #last: { readonly head: string; readonly second: number } | null = null;

  /** Splits what came; a prefix that is cut stays for the next call. */
  split(chunk: Uint8Array): LogPiece[] {
    const pieces: LogPiece[] = [];
    let bytes = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (bytes.length > 0) {
      if (this.#state === 'prefix') {
        const time = this.#readTime(bytes);
        if (time === 'cut') {
          this.#held = bytes;
          return pieces;
        }
        if (time === null) this.#state = 'foreign';
        else {
          this.#state = 'line';
          pieces.push({ type: 'line', time: time.time });
          bytes = bytes.subarray(time.length);
          continue;
        }
      }
      const end = bytes.indexOf(newline);
      const piece = end < 0 ? bytes : bytes.subarray(0, end + 1);
      bytes = bytes.subarray(piece.length);
      if (this.#state === 'line') pieces.push({ type: 'bytes', bytes: piece });
      else pieces.push({ type: 'foreign', text: piece.subarray(0, maxForeignBytes).toString() });
      if (end >= 0) this.#state = 'prefix';
    }
    return pieces;
  }

  #readTime(bytes: Buffer): { readonly time: LogTime; readonly length: number } | 'cut' | null {
    const head = bytes.subarray(0, maxPrefixBytes);
    const end = head.indexOf(blank);
    if (end < 0) return head.length < maxPrefixBytes && !head.includes(newline) ? 'cut' : null;
    const time = this.#parse(head.toString('latin1', 0, end));
    return time === null ? null : { time, length: end + 1 };
  }

  #parse(text: string): LogTime | null {
    const isUsual = text.length === usualLength && text.endsWith('Z');
    if (isUsual && this.#last !== null && text.startsWith(this.#last.head)) {
      const nanos = Number(text.slice(secondLength + 1, -1));
      if (Number.isInteger(nanos)) return { second: this.#last.second, nanos };
    }
    const time = parseLogTime(text);
    if (isUsual && time !== null) this.#last = { head: text.slice(0, secondLength + 1), second: time.second };
    return time;
  }
}

/** RFC 3339 with up to nine digits of a second; null for everything else. */
function parseLogTime(text: string): LogTime | null {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (found === null) return null;
  const milliseconds = Date.parse(`${found[1]}${found[3]}`);
  if (Number.isNaN(milliseconds)) return null;
  return { second: milliseconds / 1000, nanos: Number((found[2] ?? '').padEnd(9, '0')) };
}

export function isAfter(one: LogTime, other: LogTime): boolean {
  return one.second > other.second || (one.second === other.second && one.nanos > other.nanos);
}

export function isSameTime(one: LogTime, other: LogTime): boolean {
  return one.second === other.second && one.nanos === other.nanos;
}
