import { aborted } from '../../runtime/aborted.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { sleep } from '../../runtime/sleep.ts';
import { waitAtMost } from '../../runtime/wait-at-most.ts';
import type { JobLog, JobLogStatus } from './job-log.ts';
import type { JobLogTarget } from './job-log-target.ts';

export interface JobLogLimits {
  /** A target that takes nothing for so long has a problem, and nobody waits for it any more. */
  readonly patienceMs: number;
  /** What failed is tried again after this. */
  readonly retryMs: number;
  /** How long leaving waits for what is on its way. */
  readonly leaveMs: number;
}

const defaultJobLogLimits: JobLogLimits = { patienceMs: 10_000, retryMs: 1_000, leaveMs: 1_000 };

/** More than this is not handed over in one call, unless one writer brings it. */
const maxBatchBytes = 256 * 1024;

interface Waiting {
  readonly lines: Uint8Array;
  readonly done: (isWritten: boolean) => void;
}

/** Nobody puts more than one piece of his lines in here before it is written, so what waits here is bounded by the number of jobs. */
class TargetJobLog implements JobLog, AsyncDisposable {
  readonly #target: JobLogTarget;
  /** Or it is over. Asked for once: who waits at a signal stays there until it aborts. */
  readonly #mayBegin: Promise<void>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: JobLogLimits;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #onItsWay: readonly Waiting[] = [];
  #pump: Promise<void> | null = null;
  /** Since when the batch on its way is on its way. */
  #busySince: number | null = null;
  #problem: string | null = null;
  #writtenBytes = 0;
  #droppedBytes = 0;
  #cutAttempts = 0;
  /** Of these, those since the problem began. */
  #cutNow = 0;
  #listener: () => void = () => {};

  constructor(options: JobLogOptions) {
    this.#target = options.target;
    this.#mayBegin = Promise.race([options.begin, aborted(this.#closing.signal)]);
    this.#clock = options.clock;
    this.#logger = options.logger.child({ jobLog: options.target.place });
    this.#limits = options.limits ?? defaultJobLogLimits;
  }

  get status(): JobLogStatus {
    return {
      place: this.#target.place,
      problem: this.#problem,
      writtenBytes: this.#writtenBytes,
      droppedBytes: this.#droppedBytes,
      cutAttempts: this.#cutAttempts,
    };
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  write(lines: Uint8Array): Promise<boolean> {
    if (this.#closing.signal.aborted) return Promise.resolve(false);
    return new Promise((done) => {
      this.#waiting.push({ lines, done });
      this.#pump ??= this.#run();
    });
  }

  patienceMs(): number {
    const { patienceMs } = this.#limits;
    if (this.#busySince === null) return patienceMs;
    return Math.max(0, patienceMs - (this.#clock.monotonic() - this.#busySince));
  }

  drop({ attempt, bytes }: { readonly attempt: string; readonly bytes: number }): void {
    this.#droppedBytes += bytes;
    this.#cutAttempts += 1;
    // One line for all that a problem costs: the count is among the metrics.
    if (this.#cutNow === 0) this.#logger.warn({ attempt, bytes }, 'lines of jobs are not written to the job log');
    this.#cutNow += 1;
  }

  /** What is on its way gets a moment; the rest is left to the next agent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    this.#closing.abort();
    await waitAtMost(this.#clock, this.#limits.leaveMs, this.#pump);
    for (const { done } of [...this.#onItsWay, ...this.#waiting]) done(false);
    this.#waiting = [];
    if (this.#busySince === null) await this.#target.close().catch(() => {});
  }

  async #run(): Promise<void> {
    await this.#mayBegin;
    while (this.#waiting.length > 0 && !this.#closing.signal.aborted) {
      const batch = this.#take();
      this.#onItsWay = batch;
      const isWritten = await this.#put(Buffer.concat(batch.map(({ lines }) => lines)));
      for (const { done } of batch) done(isWritten);
      this.#onItsWay = [];
    }
    this.#pump = null;
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { lines } of this.#waiting) {
      bytes += lines.length;
      if (count > 0 && bytes > maxBatchBytes) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Again and again until all of it is there: what went before a failure does not go twice. False when it was closed first. */
  async #put(batch: Uint8Array): Promise<boolean> {
    const { patienceMs, retryMs } = this.#limits;
    this.#busySince = this.#clock.monotonic();
    const watch = this.#clock.schedule(patienceMs, () => this.#setProblem(`takes nothing`), { background: true });
    let rest = batch;
    while (rest.length > 0) {
      try {
        if (rest === batch) await this.#target.prepare();
        const count = await this.#target.write(rest);
        this.#writtenBytes += count;
        rest = rest.subarray(count);
      } catch (error) {
        this.#setProblem(`cannot be written: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(this.#clock, retryMs, this.#closing.signal);
        if (this.#closing.signal.aborted) break;
      }
    }
    watch.cancel();
    this.#busySince = null;
    if (rest.length === 0) this.#setProblem(null);
    return rest.length === 0;
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem) return;
    if (problem === null) {
      this.#logger.info({ cutAttempts: this.#cutNow }, 'job log is written again');
      this.#cutNow = 0;
    } else if (this.#problem === null) this.#logger.warn({ problem }, 'job log is not written');
    this.#problem = problem;
    this.#listener();
  }
}

export interface JobLogOptions {
  readonly target: JobLogTarget;
  /** Nothing is written before: what comes first there is somebody else's. Waiting for it is nobody's fault. */
  readonly begin: Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: JobLogLimits;
}

/** A job log on this target, which it closes. Disposing waits a moment for what is on its way; what it does not take is told to be unwritten. */
export function openJobLog(options: JobLogOptions): JobLog & AsyncDisposable {
  return new TargetJobLog(options);
}
