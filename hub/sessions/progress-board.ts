/** The newest progress of a running job. */
export interface JobProgress {
  readonly percent: number | null;
  readonly message: string | null;
}

/** Keeps the newest progress of each running job in memory: it is news, not a record. */
export interface Progress {
  set(jobId: string, progress: JobProgress): void;
  get(jobId: string): JobProgress | null;
  forget(jobId: string): void;
}

export function createProgressBoard(): Progress {
  const newest = new Map<string, JobProgress>();
  return {
    set: (jobId, progress) => void newest.set(jobId, progress),
    get: (jobId) => newest.get(jobId) ?? null,
    forget: (jobId) => void newest.delete(jobId),
  };
}
