import type { Job } from '../../protocol/job.ts';
import { toTraceId } from '../../protocol/trace-context.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { JobRecord } from '../store/records.ts';
import type { HubView } from './hub-view.ts';
import { toTimestamp } from './timestamp.ts';

/** A job as the API shows it, with what only the hub's memory and the logs know. */
export async function toJob(
  job: JobRecord,
  { logs, hubView }: { readonly logs: LogStore; readonly hubView: HubView },
): Promise<Job> {
  const waiting = job.state === 'queued' ? hubView.waiting(job) : null;
  return {
    id: job.id,
    account: job.account,
    automation: job.automation,
    parameters: job.parameters,
    selector: job.selector,
    priority: job.priority,
    labels: job.labels,
    timeoutSeconds: job.timeoutSeconds,
    state: job.state,
    agent: job.agentName,
    attempt: job.attemptNumber,
    cause: job.cause,
    message: job.message,
    started: job.started,
    retrySafe: job.retrySafe,
    exitCode: job.exitCode,
    signal: job.signal,
    outputs: job.outputs,
    log: await toLog(job, logs),
    waiting: [...(waiting?.agents ?? [])],
    waitingReasons: [...(waiting?.reasons ?? [])],
    progress: job.state === 'running' && job.attemptId !== null ? hubView.progress(job.attemptId) : null,
    cancelRequested: job.cancelRequestedAt !== null,
    traceId: toTraceId(job.traceparent),
    createdAt: toTimestamp(job.createdAt),
    startedAt: toTimestamp(job.startedAt),
    finishedAt: toTimestamp(job.finishedAt),
  };
}

/** Length and digest of a result stand; before there is one, what is stored so far is the length. */
async function toLog({ log, attemptId }: JobRecord, logs: LogStore): Promise<Job['log']> {
  if (log !== null && log.sha256 !== null) {
    const { bytes, sha256, complete, gaps, trailing, removedAt } = log;
    return { bytes, sha256, complete, gaps: [...gaps], trailing, removedAt: toTimestamp(removedAt) };
  }
  if (attemptId === null) return null;
  return { bytes: await logs.length(attemptId), sha256: null, complete: null, gaps: [], trailing: 0, removedAt: null };
}
