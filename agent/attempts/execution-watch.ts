import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Execution } from '../executors/execution.ts';
import { startDeadline } from './deadline.ts';
import { type WatchFolder, watchRaw } from './raw-watch.ts';

export interface ExecutionWatchOptions {
  readonly execution: Execution;
  readonly clock: Clock;
  readonly folder: string;
  readonly watchFolder: WatchFolder;
  readonly pollMs: number;
  /** From now; null does not bound it. */
  readonly timeoutMs: number | null;
  /** Called whenever `raw` may have grown. */
  readonly look: () => Promise<void>;
  readonly onStarted: (at: number) => void;
  readonly onTimeout: () => void;
  readonly onEnded: () => void;
}

/** Tells what happens to one execution until stopped. Stopping touches no process. */
export class ExecutionWatch {
  /** Resolves when it looks no more. Never rejects. */
  readonly stopped: Promise<void>;
  readonly #stopping = new AbortController();
  readonly #deadline: Timer | null;

  constructor(options: ExecutionWatchOptions) {
    const { execution, clock, timeoutMs } = options;
    const { signal } = this.#stopping;
    const tell = (action: () => void) => {
      if (!signal.aborted) action();
    };
    this.#deadline =
      timeoutMs === null ? null : startDeadline({ clock, afterMs: timeoutMs, onPassed: options.onTimeout });
    this.stopped = watchRaw({ ...options, signal });
    void execution.started.then((started) => tell(() => started !== null && options.onStarted(started.at)));
    void execution.ended.then(() => tell(options.onEnded));
  }

  stop(): void {
    this.#stopping.abort('over');
    this.#deadline?.cancel();
  }
}
