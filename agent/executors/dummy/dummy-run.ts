import type { Clock, Timer } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { sleep } from '../../../runtime/sleep.ts';
import { writeDurably } from '../../../runtime/write-file.ts';
import { outputsFileName } from '../../automations/program-outputs.ts';
import type { Execution, ExecutionTarget } from '../execution.ts';
import { NotNow } from '../not-now.ts';
import { type DummyEnd, type DummyFolder, type DummyStart, dummyFolder } from './dummy-folder.ts';
import { type DummyOutput, toDummyOutput } from './dummy-output.ts';

/** What comes over time is printed this often. */
const paceMs = 250;
/** A disk that refuses is tried again after this. */
const retryMs = 1_000;
/** Of output, at once. */
const pieceBytes = 256 * 1024;
const longestTimerMs = 24 * 3600 * 1000;

const statuses = { SIGTERM: 143, SIGKILL: 137 } as const;

export interface DummyRunOptions {
  readonly target: ExecutionTarget;
  readonly start: DummyStart;
  /** An intent was there when it took the fence: it ends without having done anything. */
  readonly isUnwanted: boolean;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lets go of it: nothing is settled any more. */
  readonly signal: AbortSignal;
}

/**
 * A command that does not exist, on its way to its end by the wall clock. Turns come one after the other: each prints what is due, and the last
 * one writes down the end, with all of the output on the disk before.
 */
export class DummyRun implements Execution {
  readonly ended: Promise<void>;
  readonly started: Promise<{ readonly at: number } | null>;
  readonly #options: DummyRunOptions;
  readonly #folder: DummyFolder;
  readonly #output: DummyOutput;
  readonly #announceEnd: () => void;
  readonly #letGo = () => this.#timer?.cancel();
  #isOver = false;
  #timer: Timer | null = null;
  #turns: Promise<void> = Promise.resolve();

  constructor(options: DummyRunOptions) {
    const { start, fileSystem, target, signal } = options;
    this.#options = options;
    this.#folder = dummyFolder(fileSystem, target.folder);
    this.#output = toDummyOutput(start.settings);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#announceEnd = resolve;
    this.started = isBegun(start) ? Promise.resolve({ at: start.at }) : promise.then(() => null);
    signal.addEventListener('abort', this.#letGo);
    void this.#take(() => (options.isUnwanted ? this.#end(statuses.SIGTERM) : this.#goOn()));
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (name === 'SIGTERM' && this.#options.start.settings.ignoreTerm) return Promise.resolve();
    return this.#take(async () => {
      await this.#goOn();
      if (!this.#isOver) await this.#end(statuses[name]);
    });
  }

  async clear({ graceMs }: { readonly graceMs: number; readonly boundMs: number }): Promise<{ readonly escaped: 0 }> {
    const { clock } = this.#options;
    if (graceMs > 0 && !this.#isOver) {
      await this.signal('SIGTERM');
      const over = new AbortController();
      await Promise.race([this.ended, sleep(clock, graceMs, over.signal)]);
      over.abort('over');
    }
    if (!this.#isOver) await this.signal('SIGKILL');
    if (!this.#isOver) throw new NotNow('the end of a command of the dummy cannot be written down');
    return { escaped: 0 };
  }

  get #dueAt(): number {
    const { at, settings } = this.#options.start;
    return at + settings.sleepSeconds * 1000;
  }

  /** In its turn, and again as long as the disk refuses. */
  #take(turn: () => Promise<void>): Promise<void> {
    this.#turns = this.#turns.then(async () => {
      const { signal, logger, target } = this.#options;
      if (this.#isOver || signal.aborted) return;
      try {
        await turn();
      } catch (err) {
        // Somebody deleted the folder: nothing will be written there any more.
        if (!(await this.#folder.isThere().catch(() => true))) return this.#finish();
        logger.warn({ err, attempt: target.attempt }, 'a command of the dummy cannot go on');
        this.#schedule(retryMs, turn);
      }
    });
    return this.#turns;
  }

  #schedule(delayMs: number, turn: () => Promise<void>): void {
    this.#timer?.cancel();
    if (this.#options.signal.aborted) return;
    this.#timer = this.#options.clock.schedule(Math.min(delayMs, longestTimerMs), () => void this.#take(turn));
  }

  #finish(): void {
    this.#isOver = true;
    this.#letGo();
    this.#options.signal.removeEventListener('abort', this.#letGo);
    this.#announceEnd();
  }

  async #goOn(): Promise<void> {
    const now = this.#options.clock.now();
    const leftMs = this.#dueAt - now;
    if (leftMs <= 0) return this.#end(null);
    const isPaced = await this.#print(now);
    this.#schedule(isPaced ? Math.min(leftMs, paceMs) : leftMs, () => this.#goOn());
  }

  /** Prints what is due at `now`. True when more will come before the end. */
  async #print(now: number): Promise<boolean> {
    const { at, settings } = this.#options.start;
    const total = this.#output.length;
    if (total === 0 || !isBegun(this.#options.start)) return false;
    const share = settings.sleepSeconds === 0 ? 1 : Math.max(0, (now - at) / (settings.sleepSeconds * 1000));
    const atOnce = Buffer.byteLength(settings.print);
    await this.#printUpTo(Math.min(total, atOnce + Math.floor(share * (total - atOnce))));
    return share < 1 && total > atOnce;
  }

  async #printUpTo(length: number): Promise<void> {
    const { fileSystem, start } = this.#options;
    const { rawFrom, limitBytes } = start;
    const end = Math.min(length, (limitBytes ?? Number.POSITIVE_INFINITY) - rawFrom);
    let from = (await this.#rawBytes()) - rawFrom;
    if (from >= end) return;
    await using raw = await fileSystem.open(this.#folder.rawPath, 'a', 0o600);
    while (from < end) {
      const piece = this.#output.read(from, Math.min(pieceBytes, end - from));
      await raw.write(piece);
      from += piece.length;
    }
  }

  async #rawBytes(): Promise<number> {
    return (await this.#options.fileSystem.lstat(this.#folder.rawPath))?.size ?? 0;
  }

  /** `status` null: as its settings say. */
  async #end(status: number | null): Promise<void> {
    const { fileSystem, clock, start, target } = this.#options;
    const { settings } = start;
    const begun = isBegun(start);
    const isNatural = status === null;
    if (isNatural && begun) await this.#printUpTo(this.#output.length);
    if (isNatural && begun && settings.outputs !== null) {
      await writeDurably(fileSystem, `${target.folder}/${outputsFileName}`, JSON.stringify(settings.outputs));
    }
    const rawBytes = await this.#rawBytes();
    if (rawBytes > 0) {
      await using raw = await fileSystem.open(this.#folder.rawPath, 'r+');
      await raw.sync();
    }
    const end: DummyEnd = {
      at: isNatural ? this.#dueAt : clock.now(),
      status: isNatural ? (settings.cause === null || settings.exitCode > 0 ? settings.exitCode : null) : status,
      marked: await this.#folder.hasIntent(),
      word: this.#toWord(isNatural),
      printedBytes: isNatural && begun ? start.rawFrom + this.#output.length : rawBytes,
    };
    await this.#folder.end.write(end);
    this.#finish();
  }

  #toWord(isNatural: boolean): DummyEnd['word'] {
    const { settings } = this.#options.start;
    const { cause, started, retrySafe } = settings;
    if (isNatural && cause !== null) {
      return { cause, started, retrySafe, message: `the automation asked for it (dummy.cause: ${cause})` };
    }
    if (isBegun(this.#options.start)) return null;
    return { cause: 'start-failed', started: false, retrySafe: true, message: 'it was stopped before it began' };
  }
}

/** What never begins prints nothing: it waits for its time, as a pod does that no node can take. */
function isBegun({ settings }: DummyStart): boolean {
  return settings.cause === null || settings.started !== false;
}
