import type { Clock } from './clock.ts';

/** What a loop says of itself at this moment. Times are ISO 8601. */
export interface LoopStatus {
  /** `scheduler`, `probe host` */
  readonly name: string;
  /** The same without what tells it from its sisters. There are few of them. */
  readonly kind: string;
  /** A few words: what it does now, or what it waits for. */
  readonly doing: string;
  /** Since when it does that; where only numbers say what it does, since its last turn. */
  readonly since: string;
  /** When it goes on by itself; null where it waits for somebody or something. */
  readonly next: string | null;
  /** Turns that it has done, and the end of the last. */
  readonly turns: number;
  readonly lastTurnAt: string | null;
  readonly failures: number;
  readonly lastFailure: { readonly at: string; readonly message: string } | null;
  /** What it does should long be over, whatever the world outside is like: nothing but a fault in this process explains it. */
  readonly isStuck: boolean;
}

/** How a loop tells what it does. Each call is a few assignments: no timer, no text is made before somebody asks. */
export interface Loop extends Disposable {
  /**
   * From now on it does this. `nextInMs`: it goes on by itself after that time. `withinMs`: it is over by then, unless this process is at
   * fault; leave it out where a disk, a network or a program decides.
   */
  does(what: string, times?: { readonly nextInMs?: number; readonly withinMs?: number }): void;
  /** A turn is done. */
  turned(): void;
  /** Something came to nothing, and the loop goes on. Messages of errors hold no secrets; only the first line is kept. */
  failed(error: unknown): void;
}

/** Every loop of a process, in the order of their beginning. */
export interface LoopBoard {
  /**
   * The loop is on the board until it is disposed. `subject` tells it from its sisters. `words` is asked for what it does where that is a
   * matter of numbers; it must not throw.
   */
  open(kind: string, options?: { readonly subject?: string; readonly words?: () => string }): Loop;
  list(): readonly LoopStatus[];
}

/** Whoever goes on by himself is called stuck when he is late by this. */
const latenessMs = 5 * 60_000;
const maxMessage = 300;

export function createLoopBoard(clock: Clock): LoopBoard {
  const loops = new Set<BoardLoop>();
  return {
    open(kind, options = {}) {
      const loop = new BoardLoop(clock, { kind, ...options }, () => void loops.delete(loop));
      loops.add(loop);
      return loop;
    },
    list: () => [...loops].map((loop) => loop.status()),
  };
}

class BoardLoop implements Loop {
  readonly #clock: Clock;
  readonly #given: { readonly kind: string; readonly subject?: string; readonly words?: () => string };
  readonly #close: () => void;
  #doing = 'not begun';
  /** All by the clock that never goes back: they become wall times when somebody asks. */
  #since: number;
  #next: number | null = null;
  #due: number | null = null;
  #turns = 0;
  #lastTurn: number | null = null;
  #failures = 0;
  #lastFailure: { readonly at: number; readonly error: unknown } | null = null;

  constructor(
    clock: Clock,
    given: { readonly kind: string; readonly subject?: string; readonly words?: () => string },
    close: () => void,
  ) {
    this.#clock = clock;
    this.#given = given;
    this.#close = close;
    this.#since = clock.monotonic();
  }

  does(what: string, { nextInMs, withinMs }: { readonly nextInMs?: number; readonly withinMs?: number } = {}): void {
    const now = this.#clock.monotonic();
    this.#doing = what;
    this.#since = now;
    this.#next = nextInMs === undefined ? null : now + nextInMs;
    if (nextInMs !== undefined) this.#due = now + nextInMs + latenessMs;
    else this.#due = withinMs === undefined ? null : now + withinMs;
  }

  turned(): void {
    this.#turns++;
    this.#lastTurn = this.#clock.monotonic();
  }

  failed(error: unknown): void {
    this.#failures++;
    this.#lastFailure = { at: this.#clock.monotonic(), error };
  }

  status(): LoopStatus {
    const { kind, subject, words } = this.#given;
    const wall = this.#clock.now();
    const now = this.#clock.monotonic();
    const toTime = (at: number) => new Date(wall + at - now).toISOString();
    return {
      name: subject === undefined ? kind : `${kind} ${subject}`,
      kind,
      doing: words?.() ?? this.#doing,
      since: toTime(words === undefined ? this.#since : (this.#lastTurn ?? this.#since)),
      next: this.#next === null ? null : toTime(this.#next),
      turns: this.#turns,
      lastTurnAt: this.#lastTurn === null ? null : toTime(this.#lastTurn),
      failures: this.#failures,
      lastFailure:
        this.#lastFailure === null
          ? null
          : { at: toTime(this.#lastFailure.at), message: toMessage(this.#lastFailure.error) },
      isStuck: this.#due !== null && now > this.#due,
    };
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

function toMessage(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  return line.length > maxMessage ? `${line.slice(0, maxMessage)}…` : line;
}
