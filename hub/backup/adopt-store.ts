import type { Clock } from '../../runtime/clock.ts';
import type { AttemptRecord, JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** What is in a restored store that somebody has to look at. */
export interface AdoptedStore {
  /** Jobs that waited for an agent when the copy was made: they may have run since. */
  readonly queued: number;
  /** Jobs that an agent had, or was just being given. */
  readonly running: number;
  /** Names of agents that are enrolled. */
  readonly agents: readonly string[];
}

const page = 500;

/** Tells a copied store that it is one: what it says of open jobs is how they were, not how they are. Rejects with `StoreError`. */
export async function adoptStore(
  store: Store,
  {
    madeAt,
    removedLogs,
    cancelQueued,
    clock,
  }: {
    readonly madeAt: string;
    readonly removedLogs: readonly string[];
    readonly cancelQueued: boolean;
    readonly clock: Clock;
  },
): Promise<AdoptedStore> {
  for (let first = 0; first < removedLogs.length; first += page) {
    await store.apply('miss-logs', { attemptIds: removedLogs.slice(first, first + page), at: clock.now() });
  }
  const attempts = await readAll<AttemptRecord>((after) => store.queries.allOpenAttempts(after, page));
  const offered = attempts.filter(({ state }) => state === 'offered').map(({ id }) => id);
  await store.apply('adopt-copy', { offered, madeAt, at: clock.now() });
  const queued = await readAll<JobRecord>((after) => store.queries.queuedJobs(after, page));
  if (cancelQueued) {
    for (let first = 0; first < queued.length; first += page) {
      const jobIds = queued.slice(first, first + page).map(({ id }) => id);
      await store.apply('cancel-copied', { jobIds, at: clock.now() });
    }
  }
  const running = new Set(
    attempts.filter(({ state }) => state === 'running' || state === 'offered').map((one) => one.jobId),
  );
  const agents = (await store.queries.allAgents()).map(({ name }) => name);
  return { queued: queued.length, running: running.size, agents: agents.toSorted() };
}

async function readAll<Row extends { readonly id: string }>(
  read: (after: string | null) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const more = await read(rows.at(-1)?.id ?? null);
    rows.push(...more);
    if (more.length < page) return rows;
  }
}
