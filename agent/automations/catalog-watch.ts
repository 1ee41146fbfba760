import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createLoopBoard, type Loop, type LoopBoard } from '../../runtime/loop-board.ts';
import { sleep } from '../../runtime/sleep.ts';
import { type Bell, createBell } from '../attempts/bell.ts';
import type { WatchFolder } from '../attempts/raw-watch.ts';
import type { Catalog } from './catalog.ts';
import { type FolderStamp, stampFolder } from './folder-stamp.ts';

export interface CatalogWatchLimits {
  /** After a word of the kernel so long is waited before the folder is looked at; it is read when two looks find the same … */
  readonly settleMs: number;
  /** … and while changes do not end, no less often than this. */
  readonly maxSettleMs: number;
  /** A file is called broken when it has been for so long without a change: until then somebody may be writing it. */
  readonly patienceMs: number;
  /** The folder is looked at this often even if nothing tells of a change. */
  readonly pollMs: number;
}

const defaultCatalogWatchLimits: CatalogWatchLimits = {
  settleMs: 100,
  maxSettleMs: 2_000,
  patienceMs: 2_000,
  pollMs: 5_000,
};

export interface CatalogWatchOptions {
  readonly catalog: Catalog;
  /** Absolute. It may not be there yet, go, and come back as another one. */
  readonly folder: string;
  /** As it was seen before the catalog was opened, so that nothing falls in between. */
  readonly seen: FolderStamp;
  readonly watchFolder: WatchFolder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: CatalogWatchLimits;
  /** Left out: nobody looks. */
  readonly loops?: LoopBoard;
}

/**
 * Keeps a catalog like its folder: each turn waits for a word of the kernel or for the poll, lets changes settle, and reads if the
 * folder is not as it was. The kernel only speeds up what the poll finds anyway, such as links to files elsewhere, network file systems and
 * a folder that was made anew.
 */
class FolderWatch implements AsyncDisposable {
  readonly #options: CatalogWatchOptions;
  readonly #limits: CatalogWatchLimits;
  readonly #changed: Bell = createBell();
  readonly #leaving = new AbortController();
  readonly #running: Promise<void>;
  readonly #loop: Loop;
  #watcher: { close(): void } | null = null;
  #seen: FolderStamp;
  /** The folder that the watcher was given; undefined before there was one. */
  #watched: string | null | undefined = undefined;
  /** When the folder was last seen to change, by the monotonic clock. */
  #changedAt: number;

  constructor(options: CatalogWatchOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultCatalogWatchLimits;
    this.#changedAt = options.clock.monotonic();
    this.#seen = options.seen;
    this.#loop = (options.loops ?? createLoopBoard(options.clock)).open('catalog watch');
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort('left');
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#leaving;
    try {
      while (!signal.aborted) {
        this.#loop.does('looks at the folder of automations');
        await this.#turn();
        this.#loop.turned();
        await this.#wait();
        await sleep(this.#options.clock, this.#limits.settleMs, signal);
      }
    } finally {
      this.#watcher?.close();
      this.#loop[Symbol.dispose]();
    }
  }

  /** What changes before the new watcher watches is found by another look. */
  #watch(seen: string | null): void {
    if (seen === this.#watched) return;
    this.#watched = seen;
    this.#watcher?.close();
    this.#watcher = this.#options.watchFolder(this.#options.folder, () => this.#changed.ring());
    this.#changed.ring();
  }

  /** Until something changed or may have: the next look is due by the poll, or by the patience with what is broken. */
  async #wait(): Promise<void> {
    const { clock, catalog } = this.#options;
    const { pollMs, patienceMs } = this.#limits;
    const restMs = this.#changedAt + patienceMs - clock.monotonic();
    const timeMs = catalog.holdsMistakes ? Math.min(pollMs, Math.max(restMs, 0)) : pollMs;
    this.#loop.does('waits for a change of the folder', { nextInMs: timeMs });
    const timer: Timer = clock.schedule(timeMs, () => this.#changed.ring(), { background: true });
    await this.#changed.wait(this.#leaving.signal);
    timer.cancel();
  }

  async #turn(): Promise<void> {
    const { catalog, clock, logger, folder } = this.#options;
    const before = this.#seen;
    const seen = await this.#settle();
    this.#watch(seen.folder);
    const isChanged = before.content !== seen.content;
    const isPatient = clock.monotonic() - this.#changedAt < this.#limits.patienceMs;
    if (!isChanged && !(catalog.holdsMistakes && !isPatient)) return;
    const { automations, mistakes } = await catalog.reload({ patient: isPatient });
    logger.info({ folder, automations: automations.size, mistakes: mistakes.length }, 'automations read again');
  }

  /** Looks at the folder until it has not changed for a moment, or long enough. */
  async #settle(): Promise<FolderStamp> {
    const { clock, folder } = this.#options;
    const { settleMs, maxSettleMs } = this.#limits;
    const { signal } = this.#leaving;
    const startedAt = clock.monotonic();
    for (;;) {
      const found = await stampFolder(folder);
      const isSame = found.content === this.#seen.content;
      if (!isSame) this.#changedAt = clock.monotonic();
      this.#seen = found;
      if (isSame || signal.aborted || clock.monotonic() - startedAt >= maxSettleMs) return found;
      await sleep(clock, settleMs, signal);
    }
  }
}

/** Watches until it is disposed. The catalog stays the caller's. */
export function watchCatalog(options: CatalogWatchOptions): AsyncDisposable {
  return new FolderWatch(options);
}
