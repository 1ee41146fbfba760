import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { sleep } from '../../runtime/sleep.ts';
import { waitAtMost } from '../../runtime/wait-at-most.ts';
import { createBell } from '../attempts/bell.ts';
import type { MaskedStream } from '../attempts/masked-stream.ts';
import type { JobLog } from './job-log.ts';
import { createJobLogDocuments, type JobLogDocuments, type JobLogSubject } from './job-log-document.ts';
import type { LinePositionFile } from './line-position.ts';
import { LineSplitter } from './line-splitter.ts';

/** Of the stream, at a time. */
const pieceBytes = 64 * 1024;

const retryMs = 1000;

/** How long a write that is on its way is waited for when the attempt is let go of. */
const leaveMs = 500;

/** What the lines of an attempt are made of. */
export interface LinesSource {
  /** Null while nobody knows whose they are. */
  readonly subject: JobLogSubject | null;
  /** A walk of its own along the stream; null while there is none. */
  readonly lines: MaskedStream | null;
  /** There will be no (more of the) stream: what is left to write is the closing document. */
  readonly hasNoLines: boolean;
  /** Null before the seal. */
  readonly result: AttemptResult | null;
  /** Bytes of its output that were seen. */
  readonly rawBytes: number;
}

export interface AttemptLinesOptions {
  readonly attempt: string;
  readonly source: LinesSource;
  readonly log: JobLog;
  readonly position: LinePositionFile;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes the lines of one attempt to the job log, and how it ended. It reads the spool at its own pace: neither the job nor its sessions wait
 * for it, and it waits for no hub. A position in the attempt's folder says how far it came, so that the next agent goes on there: what was
 * written when an agent was killed before it said so comes twice, with the same offsets.
 */
export class AttemptLines {
  readonly #options: AttemptLinesOptions;
  readonly #news = createBell();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #offset = 0;
  #hasEnded = false;
  #isDone = false;
  #isLetGo = false;
  #isPositionTold = false;

  /** Begins at once. */
  constructor(options: AttemptLinesOptions) {
    this.#options = options;
    this.#running = this.#run().then(() => {
      this.#hasEnded = true;
    });
  }

  /** There may be more of the stream, or the result. */
  changed(): void {
    this.#news.ring();
  }

  /**
   * The attempt's folder is about to be freed: waits for the rest as long as the job log has a right to, which is while it takes some of it now
   * and then, and counts what is left. False when `signal` aborts first: then the folder is for the next agent, which goes on.
   */
  async finish(signal: AbortSignal): Promise<boolean> {
    // Without a result there is no last document to wait for.
    const mayWait = () => this.#options.source.result !== null && !this.#hasEnded && !signal.aborted;
    for (let before = -1; mayWait() && this.#offset > before; ) {
      before = this.#offset;
      await this.#waitForEnd(signal);
    }
    if (signal.aborted) await waitAtMost(this.#options.clock, leaveMs, this.#running);
    if (signal.aborted && !this.#hasEnded) return false;
    await this.giveUp();
    return true;
  }

  /** Writes no more, and counts what is missing. */
  async giveUp(): Promise<void> {
    if (this.#isLetGo) return;
    await this.stop();
    const { attempt, log, source } = this.#options;
    const bytes = Math.max(0, (source.result?.log.bytes ?? source.rawBytes) - this.#offset);
    if (!this.#isDone && (bytes > 0 || source.result !== null)) log.drop({ attempt, bytes });
  }

  /** Lets go of the folder: the next agent goes on. */
  async stop(): Promise<void> {
    if (this.#isLetGo) return;
    this.#stopping.abort();
    await waitAtMost(this.#options.clock, leaveMs, this.#running);
    this.#isLetGo = true;
    await this.#options.position[Symbol.asyncDispose]();
  }

  /** As long as the job log may take nothing. */
  async #waitForEnd(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener('abort', stop);
    await Promise.race([this.#running, sleep(clock, log.patienceMs(), over.signal)]);
    stop();
    signal.removeEventListener('abort', stop);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { position, clock, logger } = this.#options;
    const { signal } = this.#stopping;
    let isTold = false;
    while (!signal.aborted) {
      try {
        const { offset, ended } = await position.read();
        this.#offset = Math.max(offset, this.#offset);
        if (!ended) await this.#write();
        this.#isDone = !signal.aborted;
        return;
      } catch (err) {
        // A spool that cannot be read now, as everybody else who reads it finds.
        if (!isTold) logger.warn({ err }, 'lines cannot be read for the job log');
        isTold = true;
        await sleep(clock, retryMs, signal);
      }
    }
  }

  async #write(): Promise<void> {
    const { source } = this.#options;
    const { signal } = this.#stopping;
    const isReady = () => source.subject !== null && (source.lines !== null || source.hasNoLines);
    while (!isReady() && !signal.aborted) await this.#news.wait(signal);
    if (source.subject === null || signal.aborted) return;
    const documents = createJobLogDocuments(source.subject);
    if (source.lines !== null && !source.hasNoLines) await this.#writeLines(source.lines, documents);
    while (source.result === null && !signal.aborted) await this.#news.wait(signal);
    if (source.result === null || signal.aborted) return;
    await this.#hand(documents.end(source.result), { offset: this.#offset, ended: true });
  }

  async #writeLines(stream: MaskedStream, documents: JobLogDocuments): Promise<void> {
    const { signal } = this.#stopping;
    const splitter = new LineSplitter(this.#offset);
    stream.seek(this.#offset);
    const hand = (lines: ReturnType<LineSplitter['push']>) =>
      this.#hand(lines.map((line) => documents.line(line)).join(''), { offset: splitter.offset, ended: false });
    while (!signal.aborted && !stream.ended) {
      const piece = await stream.read(pieceBytes);
      if (signal.aborted) return;
      if (piece !== null) await hand(splitter.push(piece));
      else if (!stream.ended) await this.#news.wait(signal);
    }
    if (!signal.aborted) await hand(splitter.end());
  }

  /** The position follows what was written, and only that. */
  async #hand(text: string, position: { readonly offset: number; readonly ended: boolean }): Promise<void> {
    if (text === '') return;
    const isWritten = await this.#options.log.write(Buffer.from(text));
    // Whoever let go of the folder meanwhile may have given it to somebody else.
    if (!isWritten || this.#isLetGo) return;
    this.#offset = position.offset;
    await this.#options.position.write(position).catch((err: unknown) => {
      if (!this.#isPositionTold) this.#options.logger.warn({ err }, 'what was written to the job log may come twice');
      this.#isPositionTold = true;
    });
  }
}
