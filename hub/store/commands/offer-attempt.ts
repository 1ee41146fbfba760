import { continueTrace } from '../../../protocol/trace-context.ts';
import { serves } from '../../account.ts';
import { openOf, toAttemptRecord } from '../attempt-row.ts';
import { insertAttempt } from '../attempt-statements.ts';
import { changeJob } from '../change-job.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { first, type Program, run, tell } from '../program.ts';
import type { AttemptRow } from '../schema.ts';
import { statement } from '../statement.ts';
import { shownAttempt } from '../withdraw-attempt.ts';

const readLeasedAgent = statement((db, { id, epoch }: { id: string; epoch: number }) =>
  db
    .selectFrom('agents')
    .innerJoin('agent_leases', 'agent_leases.agent_id', 'agents.id')
    .select(['agents.account', 'agents.name'])
    .where('agents.id', '=', id)
    .where('agents.revoked_at', 'is', null)
    .where('agent_leases.epoch', '=', epoch)
    .where('agent_leases.owner', 'is not', null),
);

export function* offerAttempt({
  jobId,
  attemptId,
  agentId,
  leaseEpoch,
  digest,
  retrySafe,
  at,
}: CommandInput<'offer-attempt'>): Program<CommandResult<'offer-attempt'>> {
  const job = yield* first(readJob, { id: jobId });
  if (job === null || job.state !== 'queued') return { type: 'not-queued' };
  const agent = yield* first(readLeasedAgent, { id: agentId, epoch: leaseEpoch });
  if (agent === null) return { type: 'lease-gone' };
  if (!serves(agent.account, job.account)) {
    throw new Error(`A job of account ${job.account} was to be offered to an agent of account ${agent.account}`);
  }

  const attempt: AttemptRow = {
    id: attemptId,
    job_id: job.id,
    account: job.account,
    agent_id: agentId,
    agent_name: agent.name,
    automation: job.automation,
    digest,
    ordinal: job.offers + 1,
    lease_epoch: leaseEpoch,
    offered_at: at,
    retry_safe: retrySafe ? 1 : 0,
    version: 1,
    state: 'offered',
    open: openOf('offered'),
    number: null,
    desired: 'run',
    spec_version: 1,
    folder_id: null,
    document_sent_at: null,
    session_lease_epoch: null,
    session_opens: null,
    handover: null,
    runner_folder_id: null,
    runner_starts: null,
    runner_opens: null,
    started_at: null,
    ended_at: null,
    result: null,
    log: null,
    traceparent: continueTrace(job.traceparent, attemptId),
    log_bytes: null,
  };
  yield* run(insertAttempt, attempt);
  const record = toAttemptRecord(attempt);
  yield* tell({ type: 'attempt', attempt: record });
  yield* changeJob(
    job,
    { ...shownAttempt(attempt), state: 'offered', offers: attempt.ordinal },
    { at, actor: 'hub', action: 'job.offered', data: { attempt: attemptId, agent: agent.name } },
  );
  return { type: 'offered', attempt: record };
}
