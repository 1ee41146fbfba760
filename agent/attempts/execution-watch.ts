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
  /** Null does not bound it. */
  readonly timeoutMs: number | null;
  /** When that begins to count: at once, or when the command begins. */
  readonly timeoutFrom: 'now' | 'start';
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
  #deadline: Timer | null = null;

  constructor(options: ExecutionWatchOptions) {
    const { execution, clock, timeoutMs, timeoutFrom } = options;
    const { signal } = this.#stopping;
    const tell = (action: () => void) => {
      if (!signal.aborted) action();
    };
    const bound = (usedMs: number) => {
      if (timeoutMs === null) return;
      const afterMs = Math.max(0, timeoutMs - usedMs);
      this.#deadline = startDeadline({ clock, afterMs, onPassed: options.onTimeout });
    };
    if (timeoutFrom === 'now') bound(0);
    this.stopped = watchRaw({ ...options, signal });
    void execution.started.then((started) =>
      tell(() => {
        if (started === null) return;
        options.onStarted(started.at);
        if (timeoutFrom === 'start') bound(Math.max(0, clock.now() - started.at));
      }),
    );
    void execution.ended.then(() => tell(options.onEnded));
  }

  stop(): void {
    this.#stopping.abort('over');
    this.#deadline?.cancel();
  }
}
