/** The newest progress of a running attempt. */
export interface AttemptProgress {
  readonly percent: number | null;
  readonly message: string | null;
}

/** Keeps the newest progress of each running attempt in memory: it is news, not a record. */
export interface Progress {
  set(attemptId: string, progress: AttemptProgress): void;
  get(attemptId: string): AttemptProgress | null;
  forget(attemptId: string): void;
}

export function createProgressBoard(): Progress {
  const newest = new Map<string, AttemptProgress>();
  return {
    set: (attemptId, progress) => void newest.set(attemptId, progress),
    get: (attemptId) => newest.get(attemptId) ?? null,
    forget: (attemptId) => void newest.delete(attemptId),
  };
}
