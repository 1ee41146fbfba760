import type { Progress } from '../../protocol/progress.ts';

/** Keeps the newest progress of each running attempt in memory: it is news, not a record. */
export interface ProgressBoard {
  set(attempt: { readonly id: string; readonly jobId: string }, progress: Progress): void;
  /** The same object until there is news. */
  get(attemptId: string): Progress | null;
  forget(attemptId: string): void;
  /** Resolves at the next news of the job, or when `signal` aborts. */
  next(jobId: string, signal: AbortSignal): Promise<void>;
}

export function createProgressBoard(): ProgressBoard {
  const newest = new Map<string, Progress>();
  /** Who waits for news, by job. */
  const waiting = new Map<string, Set<() => void>>();

  return {
    set({ id, jobId }, progress) {
      newest.set(id, progress);
      for (const wake of waiting.get(jobId) ?? []) wake();
    },
    get: (attemptId) => newest.get(attemptId) ?? null,
    forget: (attemptId) => void newest.delete(attemptId),
    next(jobId, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const others = waiting.get(jobId) ?? new Set();
        const wake = () => {
          others.delete(wake);
          if (others.size === 0 && waiting.get(jobId) === others) waiting.delete(jobId);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.set(jobId, others.add(wake));
        signal.addEventListener('abort', wake);
      });
    },
  };
}
