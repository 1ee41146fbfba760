import { answerRunner } from '../answer-runner.ts';
import { toAttemptRecord } from '../attempt-row.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, OpenAnswer } from '../command.ts';
import { commitDocument } from '../commit-document.ts';
import { findRemoved } from '../find-removed.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import { toJobAnswer } from '../to-job-answer.ts';
import { toOpenedJob } from '../to-opened-job.ts';

export function* openRunner(input: CommandInput<'open-runner'>): Program<OpenAnswer> {
  const { attemptId, agentId, agentFolderId, folderId, epoch, at } = input;
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt === null) return yield* findRemoved(attemptId, agentId);
  if (attempt.agent_id !== agentId) return { type: 'wrong-agent' };
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  const row = answerRunner({ ...toAttemptRecord(attempt), ordinal: attempt.ordinal }, toOpenedJob(job), input);
  if (row.type === 'state-lost') return { type: 'withdrawn' };
  if (row.type !== 'job') return { type: row.type };
  const change = {
    handover: 'given',
    folder_id: agentFolderId,
    runner_folder_id: folderId,
    runner_starts: epoch.leaseEpoch,
    runner_opens: epoch.opens,
  } as const;
  const opened = row.commits
    ? yield* commitDocument(job, attempt, { change, at })
    : yield* changeAttempt(attempt, change);
  return yield* toJobAnswer(job, opened, { ...row, have: input.have });
}
