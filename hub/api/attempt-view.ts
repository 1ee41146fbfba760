import { z } from 'zod';
import { Started } from '../../protocol/attempt-result.ts';
import { causeNames } from '../../protocol/cause.ts';
import { Job } from '../../protocol/job.ts';
import { Id, Name, Timestamp } from '../../protocol/names.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { AttemptRecord } from '../store/records.ts';
import { toTimestamp } from './timestamp.ts';

/** One try at a job, as the API shows it. */
export const Attempt = z.object({
  id: Id,
  number: z.int().min(1),
  agent: Name,
  state: z.enum(['running', 'ended', 'agent-lost', 'state-lost']),
  outcome: z.string().nullable(),
  cause: z.enum(causeNames).nullable(),
  message: z.string().nullable(),
  started: Started.nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  log: Job.shape.log,
  startedAt: Timestamp.nullable(),
  finishedAt: Timestamp.nullable(),
});
export type Attempt = Readonly<z.infer<typeof Attempt>>;

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
        ? { bytes: await logs.length(attempt.id), sha256: null, complete: null, gaps: [], trailing: 0 }
        : { ...log, gaps: [...log.gaps] },
    startedAt: toTimestamp(attempt.startedAt),
    finishedAt: toTimestamp(attempt.endedAt),
  };
}
