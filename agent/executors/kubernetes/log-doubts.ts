import { disorderSeconds, isAfter, isSameTime, type LogTime } from './log-lines.ts';

/** Bytes may be missing at one place or more from `at` on, at `until` at the latest. Offsets are of the log. */
export interface LogDoubt {
  readonly at: number;
  readonly until: number;
}

/** What survives a restart of the agent. */
export interface SeenDoubts {
  /** The first line of the file that the kubelet had when it was looked at last; null where nobody knows. */
  readonly file: LogTime | null;
  /** Up to here nothing is missing that was not noted: the same file was there when this was read. */
  readonly sureUntil: number;
  readonly noted: LogDoubt[];
  /** One whose end has not come: a line more than `disorderSeconds` behind `after`. */
  readonly open: { readonly at: number; readonly after: LogTime | null } | null;
}

/** To know where a line of that time stood, for so many seconds that had a line. */
const keptSeconds = 120;
/** Nobody reads more; those that are closest to each other become one. */
const maxNoted = 20;

/**
 * Where a log that was followed may lack something, though nobody said so.
 *
 * When a file has grown large, the kubelet puts it aside and begins another, and whoever follows goes on with that as soon as it is there. What
 * is written into the old one in that moment is read by nobody: a line without an end, which the runtime held, always is (`redirectLogs` of
 * containerd writes it as a part when its output is changed). All that shows is that the kubelet's first line is another than before. So that is
 * looked at while the log grows, and what was missed is missing between what had been read when the old file was there for certain and
 * the first lines that are younger than the new one's first.
 */
export class LogDoubts {
  #file: LogTime | null;
  #sureUntil: number;
  #noted: LogDoubt[];
  #open: SeenDoubts['open'];
  #notes = 0;
  /** Where the first line of each second stood, the newest last. */
  #seconds: { readonly second: number; readonly offset: number }[] = [];

  /** `length`: of what is stored. */
  constructor(earlier: SeenDoubts | null, length: number) {
    this.#file = earlier?.file ?? null;
    this.#sureUntil = Math.min(earlier?.sureUntil ?? 0, length);
    this.#noted = [...(earlier?.noted ?? [])];
    this.#open = earlier?.open ?? null;
  }

  get seen(): SeenDoubts {
    return { file: this.#file, sureUntil: this.#sureUntil, noted: [...this.#noted], open: this.#open };
  }

  /** Up to here nothing is missing that was not noted. */
  get sureUntil(): number {
    return this.#sureUntil;
  }

  /** How often something was noted here. */
  get notes(): number {
    return this.#notes;
  }

  /** Lines may be missing from `at` on: those that come are the next only when they are much younger than `after`. */
  note(at: number, after: LogTime | null): void {
    this.#notes += 1;
    const passed = this.#seconds.find(({ second, offset }) => offset >= at && isPast(second, after));
    if (passed !== undefined) return this.#keep({ at, until: passed.offset });
    const earlier = this.#open;
    const latest = earlier?.after === undefined || earlier.after === null ? after : laterOf(earlier.after, after);
    this.#open = { at: Math.min(at, earlier?.at ?? at), after: latest };
  }

  /** A line that is new begins at `offset`. */
  lineBegan({ second }: LogTime, offset: number): void {
    const newest = this.#seconds.at(-1);
    // A clock that was set back: what stood before tells nothing of what comes.
    if (newest !== undefined && second + disorderSeconds < newest.second) this.#seconds = [];
    else if (newest !== undefined && second <= newest.second) return;
    this.#seconds.push({ second, offset });
    if (this.#seconds.length > keptSeconds) this.#seconds.shift();
    const open = this.#open;
    if (open === null || !isPast(second, open.after)) return;
    this.#open = null;
    this.#keep({ at: open.at, until: offset });
  }

  /** The kubelet's file began with that line, when `length` bytes of the log had been read, or later. */
  fileSeen(first: LogTime, length: number): void {
    if (this.#file !== null && isSameTime(first, this.#file)) {
      this.#sureUntil = Math.max(this.#sureUntil, length);
      return;
    }
    if (this.#file !== null || length > 0) this.note(this.#sureUntil, first);
    this.#file = first;
  }

  /** What has come since the same file was there for certain may lack something anywhere. */
  fileLost(): void {
    this.note(this.#sureUntil, never);
  }

  /** From `offset` on the log was compared with the kubelet's file, which begins there with that line: nothing is missing behind it. */
  fileProved(first: LogTime, offset: number): void {
    const before = (doubt: LogDoubt) => ({ at: Math.min(doubt.at, offset), until: Math.min(doubt.until, offset) });
    const isNew = this.#file === null || !isSameTime(first, this.#file);
    const open = this.#open === null ? [] : [{ at: this.#open.at, until: offset }];
    const turned = isNew ? [{ at: this.#sureUntil, until: offset }] : [];
    this.#noted = toJoined([...this.#noted.filter(({ at }) => at <= offset), ...open, ...turned].map(before));
    this.#open = null;
    this.#file = first;
    this.#sureUntil = Math.max(this.#sureUntil, offset);
  }

  /** Those of a log of that length, in the order of their places, none over another. */
  list(length: number): LogDoubt[] {
    const open = this.#open === null ? [] : [{ at: this.#open.at, until: length }];
    const all = [...this.#noted, ...open].filter(({ at }) => at <= length);
    return toJoined(all.map(({ at, until }) => ({ at, until: Math.min(until, length) })));
  }

  #keep(doubt: LogDoubt): void {
    this.#noted = toJoined([...this.#noted, doubt]);
    if (this.#noted.length > maxNoted) this.#noted = joinClosest(this.#noted);
  }
}

/** No line is younger. */
const never: LogTime = { second: Number.MAX_SAFE_INTEGER, nanos: 0 };

function isPast(second: number, after: LogTime | null): boolean {
  return after === null || second > after.second + disorderSeconds;
}

function laterOf(one: LogTime, other: LogTime | null): LogTime {
  return other !== null && isAfter(other, one) ? other : one;
}

function toJoined(doubts: readonly LogDoubt[]): LogDoubt[] {
  const joined: LogDoubt[] = [];
  for (const doubt of doubts.toSorted((one, other) => one.at - other.at)) {
    const last = joined.at(-1);
    if (last === undefined || doubt.at > last.until) joined.push(doubt);
    else joined[joined.length - 1] = { at: last.at, until: Math.max(last.until, doubt.until) };
  }
  return joined;
}

/** Two that have least between them as one. */
function joinClosest(doubts: readonly LogDoubt[]): LogDoubt[] {
  const between = doubts.slice(1).map(({ at }, index) => at - (doubts[index]?.until ?? 0));
  const closest = between.indexOf(Math.min(...between));
  const [one, other] = doubts.slice(closest, closest + 2);
  if (one === undefined || other === undefined) return [...doubts];
  return [...doubts.slice(0, closest), { at: one.at, until: other.until }, ...doubts.slice(closest + 2)];
}
