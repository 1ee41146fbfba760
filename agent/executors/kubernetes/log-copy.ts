import type { LogDoubts } from './log-doubts.ts';
import { disorderSeconds, isAfter, isSameTime, type LogPiece, type LogTime } from './log-lines.ts';

/** Where a log is copied to. Offsets are of the log. */
export interface LogStore {
  /** Bytes of the log that were stored, those included that were dropped behind the limit. */
  readonly length: number;
  /** Takes more for the end, to be stored by and by. */
  append(bytes: Uint8Array): void;
  /** Whether these bytes are what is stored from `offset` on, as far as both reach. */
  matches(offset: number, bytes: Uint8Array): Promise<boolean>;
}

/** From where to ask for a log again: `second` is null for its beginning. */
export interface LogMark {
  readonly second: number | null;
  /** Of the first line that is as young. */
  readonly offset: number;
  /** Of that line; null where nobody knows. */
  readonly time: LogTime | null;
}

/** What survives a restart of the agent. */
export interface LogPosition {
  /** The beginning of a log that is not whole: none holds. */
  readonly mark: LogMark;
  readonly firstTime: LogTime | null;
  /** No line that is stored is of a later second. */
  readonly lastTime: LogTime | null;
  /** Nothing is missing before. */
  readonly isWhole: boolean;
}

/**
 * Copies the log of a container into a store, over as many answers of the kubelet as it takes, so that nothing is in it twice and nothing
 * is missing without being told.
 *
 * A request names a whole second, and an answer begins with the first line that is not older. So a mark is a second and the place of
 * the first line of that second or later; it holds as long as no older line came behind. When an answer comes, what it repeats is
 * compared with what is stored, byte by byte, and only what goes beyond is new: equal times, cut lines, and lines sent twice need no
 * rule. Its first line has the time of the one that is stored there, for a text may repeat itself. Where the comparison fails the kubelet
 * has dropped lines (it answers out of the newest of its files alone), and what is missing cannot be known: that is noted with the place,
 * and only lines with a later time than the last are taken.
 */
export class LogCopy {
  readonly #store: LogStore;
  readonly #doubts: LogDoubts;
  #marks: readonly LogMark[] = [beginningMark];
  #newest: number | null = null;
  #firstTime: LogTime | null = null;
  #lastTime: LogTime | null = null;
  #isWhole = true;
  /** Of the answer, what is stored already and was not compared yet, and where it begins. */
  #held: Uint8Array[] = [];
  #heldFrom = 0;
  /** Of the answer that is being read. */
  #answer: Answer = { type: 'none' };
  #answerBegan: LogTime | null = null;

  constructor(options: {
    readonly store: LogStore;
    readonly doubts: LogDoubts;
    readonly position: LogPosition | null;
  }) {
    const { store, doubts, position } = options;
    this.#store = store;
    this.#doubts = doubts;
    if (position === null) return;
    const { mark, firstTime, lastTime, isWhole } = position;
    const isStored = mark.second !== null && mark.offset <= store.length;
    this.#marks = [...(isWhole ? [beginningMark] : []), ...(isStored ? [mark] : [])];
    this.#newest = lastTime?.second ?? null;
    this.#firstTime = firstTime;
    // Lines of that second may have been stored when this had been written down.
    this.#lastTime = lastTime === null ? null : { second: lastTime.second, nanos: lastNano };
    this.#isWhole = isWhole;
  }

  /** What to ask for next; null where no mark holds: then `lastSecond` says what to ask for. */
  get mark(): LogMark | null {
    const newest = this.#newest;
    if (newest === null) return this.#marks[0] ?? null;
    return this.#marks.findLast(({ second }) => second === null || second <= newest - disorderSeconds) ?? null;
  }

  get length(): number {
    return this.#store.length;
  }

  /** Of the first line, as it was seen first. */
  get firstTime(): LogTime | null {
    return this.#firstTime;
  }

  get lastSecond(): number | null {
    return this.#lastTime?.second ?? null;
  }

  /** To be kept for an agent that comes after this one, before lines of a later second are stored. */
  get position(): LogPosition {
    return {
      mark: this.mark ?? beginningMark,
      firstTime: this.#firstTime,
      lastTime: this.#lastTime,
      isWhole: this.#isWhole,
    };
  }

  /** Everything that is stored was found in the answer again, and nothing in it was anything else. */
  get hasCaughtUp(): boolean {
    const answer = this.#answer;
    if (answer.type !== 'comparing' || answer.offset < this.#store.length) return false;
    // A first line that was seen, and did not come to be stored, is no more where the answer has none.
    return answer.mark.offset > 0 || this.#firstTime === null || this.#answerBegan !== null;
  }

  /** Of the first line of the answer; null while there is none. */
  get answerBegan(): LogTime | null {
    return this.#answerBegan;
  }

  /** An answer begins to what was asked for from `mark` on; without one it is not compared, and its lines are chosen by their times. */
  open(mark: LogMark | null): void {
    this.#held = [];
    this.#answerBegan = null;
    if (mark === null) {
      this.#doubts.note(this.#store.length, this.#lastTime);
      this.#isWhole = false;
      this.#answer = { type: 'by-time', after: this.#lastTime, isPast: false, taking: false };
    } else {
      this.#answer = { type: 'comparing', mark, offset: mark.offset, line: null };
    }
  }

  /** No mark holds any more: what the kubelet has does not continue what is stored. */
  forgetMarks(): void {
    this.#marks = [];
  }

  /**
   * Takes pieces of the answer. `mismatch`: it does not continue what is stored; `foreign`: it is none of the log. Then the rest of the
   * answer is worth nothing, and nothing from there on was stored.
   */
  async take(pieces: readonly LogPiece[]): Promise<'taken' | 'mismatch' | 'foreign'> {
    for (const whole of pieces) {
      for (const piece of this.#cutAtEnd(whole)) {
        const answer = this.#answer;
        const isNew = answer.type !== 'comparing' || answer.offset + toLength(piece) > this.#store.length;
        // Most of a log is new and nothing is held, or is known and compared by and by: for neither is waited here.
        if (isNew && this.#held.length > 0 && !(await this.#compareHeld())) return 'mismatch';
        const taken = this.#takePiece(piece);
        if (taken !== 'taken') return taken;
      }
    }
    return (await this.#compareHeld()) ? 'taken' : 'mismatch';
  }

  /** What is stored, and what is new: the one is compared before the other is stored. */
  #cutAtEnd(piece: LogPiece): LogPiece[] {
    const answer = this.#answer;
    if (piece.type !== 'bytes' || answer.type !== 'comparing') return [piece];
    const known = this.#store.length - answer.offset;
    if (known <= 0 || known >= piece.bytes.length) return [piece];
    return [
      { type: 'bytes', bytes: piece.bytes.subarray(0, known) },
      { type: 'bytes', bytes: piece.bytes.subarray(known) },
    ];
  }

  async #compareHeld(): Promise<boolean> {
    if (this.#held.length === 0) return true;
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    return this.#store.matches(this.#heldFrom, bytes);
  }

  #takePiece(piece: LogPiece): 'taken' | 'mismatch' | 'foreign' {
    switch (piece.type) {
      case 'foreign':
        return this.#isRestOfLine() ? 'taken' : 'foreign';
      case 'line':
        return this.#beginLine(piece.time) ? 'taken' : 'mismatch';
      case 'bytes':
        this.#takeBytes(piece.bytes);
        return 'taken';
    }
  }

  /** A long line comes in parts, and those that are not older than the second asked for come without the first, which has the time. */
  #isRestOfLine(): boolean {
    const answer = this.#answer;
    return answer.type === 'comparing' ? answer.mark.second !== null && answer.line === null : !this.#isWhole;
  }

  /** Of the line that is stored there. */
  #timeOf({ offset, time }: LogMark): LogTime | null {
    return offset === 0 ? this.#firstTime : time;
  }

  /** False: the answer does not begin with the line that is stored there, though it may read the same. */
  #beginLine(time: LogTime): boolean {
    this.#answerBegan ??= time;
    const answer = this.#answer;
    if (answer.type === 'by-time') {
      const { after } = answer;
      const taking = answer.isPast || after === null || isAfter(time, after);
      const isPast = answer.isPast || after === null || time.second > after.second + disorderSeconds;
      this.#answer = { ...answer, taking, isPast };
      if (taking) this.#note(time, this.#store.length);
    } else if (answer.type === 'comparing') {
      if (answer.line === null) {
        const expected = this.#timeOf(answer.mark);
        if (expected !== null && !isSameTime(time, expected)) return false;
        if (answer.offset === 0) this.#firstTime = time;
      }
      this.#answer = { ...answer, line: time };
      if (answer.offset >= this.#store.length) this.#note(time, answer.offset);
    }
    return true;
  }

  #takeBytes(bytes: Uint8Array): void {
    const answer = this.#answer;
    if (answer.type === 'by-time' && answer.taking) this.#store.append(bytes);
    if (answer.type !== 'comparing') return;
    if (answer.offset < this.#store.length) {
      if (this.#held.length === 0) this.#heldFrom = answer.offset;
      this.#held.push(bytes);
    } else {
      this.#store.append(bytes);
      // Begun by an agent that did not come to write down its time.
      if (answer.line !== null) this.#lastTime = later(this.#lastTime, answer.line);
    }
    this.#answer = { ...answer, offset: answer.offset + bytes.length };
  }

  /** A line that is new begins at `offset`. */
  #note(time: LogTime, offset: number): void {
    const { second } = time;
    this.#doubts.lineBegan(time, offset);
    if (second === this.#newest) {
      this.#lastTime = later(this.#lastTime, time);
      return;
    }
    const marks = this.#marks.filter((mark) => mark.second === null || mark.second <= second);
    const isNewest = this.#newest === null || second > this.#newest;
    this.#marks = isNewest ? [...marks, { second, offset, time }] : marks;
    this.#lastTime = later(this.#lastTime, time);
    if (!isNewest) return;
    this.#newest = second;
    const oldest = this.mark?.second ?? null;
    this.#marks = this.#marks.filter((mark) => mark.second === null || oldest === null || mark.second >= oldest);
  }
}

const lastNano = 999_999_999;

export const beginningMark: LogMark = { second: null, offset: 0, time: null };

type Answer =
  | { readonly type: 'none' }
  /** `mark`: what was asked for. `offset`: of the next byte. `line`: the one that it is in. */
  | { readonly type: 'comparing'; readonly mark: LogMark; readonly offset: number; readonly line: LogTime | null }
  /** `isPast`: so far beyond what is stored that no line can be an old one any more. */
  | { readonly type: 'by-time'; readonly after: LogTime | null; readonly isPast: boolean; readonly taking: boolean };

function toLength(piece: LogPiece): number {
  return piece.type === 'bytes' ? piece.bytes.length : 1;
}

function later(one: LogTime | null, other: LogTime): LogTime {
  return one === null || isAfter(other, one) ? other : one;
}
