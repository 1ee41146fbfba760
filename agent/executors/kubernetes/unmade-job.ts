import type { JobRecord } from './job-record.ts';

/** A fence that was taken before anything was made. */
export const unmadeJob: JobRecord = {
  phase: 'fenced',
  place: '',
  namespace: '',
  name: '',
  digest: '',
  uid: null,
  letGoAt: null,
  base: 0,
  limitBytes: null,
  graceSeconds: 0,
  pendingMs: 0,
  imageMs: 0,
  sawRunning: false,
  startedAt: null,
  isStopped: false,
  end: null,
  gaps: [],
};
