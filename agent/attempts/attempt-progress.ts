import type { Progress } from '../../protocol/progress.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { type ProgressText, toProgress } from './parse-progress.ts';
import { ProgressFile, type ProgressFileOptions } from './progress-file.ts';
import { ProgressScan } from './progress-scan.ts';

/** The file is read no more often than this. */
const restMs = 500;

/**
 * How far an attempt says it is, by its file and by lines of its log: whichever was seen last. Held in memory; after a restart both
 * are there to be read again.
 */
export class AttemptProgress {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onNews: () => void;
  readonly #scan = new ProgressScan();
  #file: ProgressFile | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #newest: Progress | null = null;
  #isWarned = false;

  constructor(options: { readonly clock: Clock; readonly logger: Logger; readonly onNews: () => void }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onNews = options.onNews;
  }

  /** Another object each time there is news. */
  get newest(): Progress | null {
    return this.#newest;
  }

  /** Takes a piece of the masked stream. */
  feed(offset: number, bytes: Uint8Array): void {
    const found = this.#scan.feed(offset, bytes);
    // The stream is masked already.
    if (found !== null) this.#take(found, (text) => text);
  }

  /** The job's files are there from now on. */
  open(file: ProgressFileOptions): void {
    this.#file ??= new ProgressFile(file);
  }

  /** Looks at the file, if its time has come. */
  async look(maskText: (text: string) => string): Promise<void> {
    const now = this.#clock.monotonic();
    if (this.#file === null || now - this.#readAt < restMs) return;
    const found = await this.#file.look();
    if (found === null) return;
    this.#readAt = now;
    if (found.newest !== null) this.#take(found.newest, maskText);
    if (found.wrong === null || this.#isWarned) return;
    this.#isWarned = true;
    this.#logger.warn({ wrong: found.wrong }, 'progress of a job ignored');
  }

  #take(text: ProgressText, maskText: (text: string) => string): void {
    this.#newest = toProgress(text, maskText);
    this.#onNews();
  }
}
