/** For how long nobody may have looked at a log. The kubelet looks so often whether one has grown too large. Source: containerLogMonitorInterval. */
const unseenMs = 10_000;

/** What survives a restart of the agent. Times are in milliseconds since 1970. */
export interface SeenBeginning {
  /** Up to then the log was seen to have no line. */
  readonly seenUntil: number | null;
  readonly isMissed: boolean;
}

/**
 * Whether the first line that was seen of a log is its first. The kubelet answers out of the newest of a container's files alone, so when nobody looked for a while before that line, or
 * before the end of a log with none, a file may have been filled and put aside meanwhile.
 */
export class LogBeginning {
  #seenUntil: number | null;
  #isMissed: boolean;
  #isSettled: boolean;
  #heldSince: number | null = null;

  /** `startedAt`: of the container; null where nobody knows. `isSettled`: lines were seen by an earlier agent. */
  constructor(options: {
    readonly startedAt: number | null;
    readonly earlier: SeenBeginning | null;
    readonly isSettled: boolean;
  }) {
    const { startedAt, earlier, isSettled } = options;
    this.#seenUntil = earlier?.seenUntil ?? startedAt;
    this.#isMissed = earlier?.isMissed ?? false;
    this.#isSettled = isSettled;
  }

  get isMissed(): boolean {
    return this.#isMissed;
  }

  get seen(): SeenBeginning {
    return { seenUntil: this.#seenUntil, isMissed: this.#isMissed };
  }

  /** An answer from the beginning of the log is read from now on. */
  opened(now: number): void {
    this.#heldSince = now;
  }

  /** The first line came in the answer, with that time. */
  began(lineAt: number): void {
    if (this.#isSettled) return;
    this.#check(Math.min(lineAt, this.#heldSince ?? lineAt));
    this.#isSettled = true;
  }

  /** The answer has no line so far. `endedAt`: of the container; null while it runs. */
  silent(now: number, endedAt: number | null): void {
    if (this.#isSettled || this.#heldSince === null) return;
    this.#check(Math.min(this.#heldSince, endedAt ?? Number.POSITIVE_INFINITY));
    this.#seenUntil = now;
    this.#heldSince = now;
  }

  /** The answer is read no more. */
  closed(now: number, endedAt: number | null): void {
    this.silent(now, endedAt);
    this.#heldSince = null;
  }

  /** Nobody looked between the last time and this. */
  #check(at: number): void {
    if (this.#seenUntil !== null && at - this.#seenUntil > unseenMs) this.#isMissed = true;
  }
}
