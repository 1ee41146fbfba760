import type { Attempt } from '../../protocol/attempt.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { AttemptRecord } from '../store/records.ts';
import { toTimestamp } from './timestamp.ts';

/** An attempt that has a number: its document was sent. */
export async function toAttempt(attempt: AttemptRecord, logs: LogStore): Promise<Attempt> {
  const { state, result, log } = attempt;
  return {
    id: attempt.id,
    number: attempt.number ?? 1,
    agent: attempt.agentName,
    state: state === 'offered' || state === 'withdrawn' ? 'running' : state,
    outcome: result?.outcome ?? null,
    cause: result?.cause ?? null,
    message: result?.message ?? null,
    started: result?.started ?? null,
    exitCode: result?.exitCode ?? null,
    signal: result?.signal ?? null,
    log:
      log === null || log.sha256 === null
        ? { bytes: await logs.length(attempt.id), sha256: null, complete: null, gaps: [], trailing: 0, removedAt: null }
        : { ...log, gaps: [...log.gaps], removedAt: toTimestamp(log.removedAt) },
    startedAt: toTimestamp(attempt.startedAt),
    finishedAt: toTimestamp(attempt.endedAt),
  };
}
