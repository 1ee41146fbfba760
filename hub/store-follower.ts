import { isFinal } from '../protocol/job-state.ts';
import { toTraceId } from '../protocol/trace-context.ts';
import type { Logger } from '../runtime/logger.ts';
import type { ControlService } from './control/control-service.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { HubMetrics } from './metrics/hub-metrics.ts';
import type { AccountQuotas } from './quotas/account-quotas.ts';
import type { OfferHold } from './scheduler/offer-hold.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import type { ProgressBoard } from './sessions/progress-board.ts';
import type { SessionService } from './sessions/session-service.ts';
import type { AttemptRecord, JobRecord } from './store/records.ts';
import type { Change, Store } from './store/store.ts';

export interface FollowerOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly scheduler: Scheduler;
  /** Left out: nobody has any. */
  readonly quotas?: AccountQuotas;
  readonly hold: Pick<OfferHold, 'loaded' | 'agentChanged'>;
  readonly control: Pick<ControlService, 'attemptChanged' | 'agentChanged'>;
  readonly sessions: Pick<SessionService, 'attemptChanged'>;
  readonly progress: ProgressBoard;
  readonly metrics: Pick<HubMetrics, 'loaded' | 'changed'>;
  readonly logger: Logger;
}

/** How many rows are loaded in one query at the start. */
const batch = 1000;

/**
 * Everybody who keeps a copy of what the store says hears of it here: first of all that is open and queued, as if it had just
 * come to be, then of each commit, in order.
 */
export async function followStore(options: FollowerOptions): Promise<Disposable> {
  const { store, fleet, scheduler, quotas, hold, control, sessions, progress, metrics, logger } = options;

  const tell = (change: Change) => {
    switch (change.type) {
      case 'job':
        return scheduler.jobChanged(change.job);
      case 'attempt':
        scheduler.attemptChanged(change.attempt);
        fleet.attemptChanged(change.attempt);
        if (change.attempt.state !== 'running') progress.forget(change.attempt.id);
        sessions.attemptChanged(change.attempt);
        return control.attemptChanged(change.attempt);
      case 'agent':
        hold.agentChanged();
        return control.agentChanged(change.agentId);
      case 'quotas':
        quotas?.changed(change.account, change.quotas);
        return scheduler.wake();
      case 'audit':
        return;
    }
  };

  /** One change that cannot be taken in must not keep the others out. */
  const tryToTell = (change: Change) => {
    try {
      tell(change);
    } catch (error) {
      logger.error({ err: error, type: change.type }, 'a change could not be taken in');
    }
  };

  /** What is there at the start is no news. */
  const load = (change: Change) => {
    metrics.loaded(change);
    hold.loaded(change);
    tryToTell(change);
  };

  const following = store.subscribe((changes) => {
    for (const change of changes) {
      if (change.type === 'job') logJob(logger, change.job);
      metrics.changed(change);
      tryToTell(change);
    }
  });
  for await (const set of readAll(async (after) =>
    (await store.queries.quotasAfter(after ?? '', batch)).map(({ account: id, ...rest }) => ({ id, ...rest })),
  )) {
    load({ type: 'quotas', account: set.id, quotas: set.quotas });
  }
  for (const agent of await store.queries.allAgents()) fleet.put(agent);
  for await (const attempt of readAll<AttemptRecord>((after) => store.queries.allOpenAttempts(after, batch))) {
    load({ type: 'attempt', attempt });
  }
  for await (const job of readAll<JobRecord>((after) => store.queries.queuedJobs(after, batch))) {
    load({ type: 'job', job });
  }
  return following;
}

/** One line for each job that ends, by which the logs of hub, agent and job can be put beside each other; the way there is in the audit. */
function logJob(logger: Logger, { id, state, automation, agentName, attemptId, cause, traceparent }: JobRecord): void {
  if (!isFinal(state)) return;
  const trace = { traceId: toTraceId(traceparent) };
  logger.info({ job: id, attempt: attemptId, agent: agentName, automation, state, cause, ...trace }, 'job ended');
}

async function* readAll<Row extends { readonly id: string }>(
  read: (after: string | null) => Promise<readonly Row[]>,
): AsyncGenerator<Row, void> {
  let after: string | null = null;
  for (;;) {
    const rows: readonly Row[] = await read(after);
    yield* rows;
    if (rows.length < batch) return;
    after = rows.at(-1)?.id ?? null;
  }
}
