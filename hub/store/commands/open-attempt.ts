import type { JobDocument } from '../../../protocol/job-document.ts';
import { continueTrace } from '../../../protocol/trace-context.ts';
import { answerOpen, type OpenedJob } from '../answer-open.ts';
import { toAttemptRecord } from '../attempt-row.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, OpenAnswer } from '../command.ts';
import { readJob, readSecrets } from '../job-statements.ts';
import { loseFolder } from '../lose-folder.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import { readRemovedAttempt } from '../retention-statements.ts';
import { runJob } from '../run-job.ts';
import type { AttemptRow, JobRow } from '../schema.ts';
import { wishCancel } from '../wish-cancel.ts';

function toOpenedJob(job: JobRow): OpenedJob {
  return {
    state: job.state,
    cancelRequested: job.cancel_requested_at !== null,
    newestOrdinal: job.offers,
    documentOrdinal: job.document_ordinal,
    wiped: job.secrets_wiped_at !== null,
  };
}

function toDocument(job: JobRow, attempt: AttemptRow): JobDocument {
  return {
    job: job.id,
    attempt: attempt.id,
    number: need(attempt.number, 'number of an attempt whose document is sent'),
    account: job.account,
    automation: job.automation,
    digest: attempt.digest,
    parameters: JSON.parse(job.parameters),
    secretNames: JSON.parse(job.secret_names),
    timeoutSeconds: job.timeout_seconds,
    traceparent: attempt.traceparent ?? continueTrace(job.traceparent, attempt.id),
    tracestate: job.tracestate,
  };
}

/** Everything that must be durable before the document may leave. Older attempts that are still out are asked to stop. */
function* commitDocument(
  job: JobRow,
  attempt: AttemptRow,
  { folderId, epoch, at, agentId }: CommandInput<'open-attempt'>,
): Program<AttemptRow> {
  const number = job.numbers + 1;
  const sent = yield* changeAttempt(attempt, {
    state: 'running',
    number,
    folder_id: folderId,
    document_sent_at: at,
    session_lease_epoch: epoch.leaseEpoch,
    session_opens: epoch.opens,
  });
  const running = yield* runJob(job, sent, { number, at, actor: `agent:${agentId}` });
  if (number > 1) yield* wishCancel(running, sent.id);
  return sent;
}

export function* openAttempt(input: CommandInput<'open-attempt'>): Program<OpenAnswer> {
  const { attemptId, agentId, epoch, at } = input;
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt === null) {
    const removed = yield* first(readRemovedAttempt, { id: attemptId });
    if (removed === null) return { type: 'unknown' };
    return { type: removed.agent_id === agentId ? removed.answer : 'wrong-agent' };
  }
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  const known = toAttemptRecord(attempt);
  const row = answerOpen({ ...known, ordinal: attempt.ordinal }, toOpenedJob(job), input);

  switch (row.type) {
    case 'state-lost':
      yield* loseFolder(job, attempt, {
        at,
        actor: `agent:${agentId}`,
        message: "the agent's folder of this attempt is not the one that got the document",
      });
      return { type: 'withdrawn' };
    case 'job': {
      const opened = row.commits
        ? yield* commitDocument(job, attempt, input)
        : yield* changeAttempt(attempt, {
            session_lease_epoch: epoch.leaseEpoch,
            session_opens: epoch.opens,
            folder_id: input.folderId,
          });
      const needsSecrets = job.secret_names !== '[]' && (row.document || input.have !== 'claimed');
      const secrets = needsSecrets ? ((yield* first(readSecrets, { id: job.id }))?.secrets ?? null) : null;
      return {
        type: 'job',
        attempt: toAttemptRecord(opened),
        desired: row.desired,
        document: row.document ? toDocument(job, opened) : null,
        secrets,
        secretsGone: needsSecrets && secrets === null,
      };
    }
    default:
      return { type: row.type };
  }
}
