import { answerOpen } from '../answer-open.ts';
import { toAttemptRecord } from '../attempt-row.ts';
import { readAttempt } from '../attempt-statements.ts';
import { type AttemptChange, changeAttempt } from '../change-attempt.ts';
import type { CommandInput, OpenAnswer } from '../command.ts';
import { commitDocument } from '../commit-document.ts';
import { findRemoved } from '../find-removed.ts';
import { readJob } from '../job-statements.ts';
import { loseFolder } from '../lose-folder.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import type { AttemptRow } from '../schema.ts';
import { toJobAnswer } from '../to-job-answer.ts';
import { toOpenedJob } from '../to-opened-job.ts';

/** Who asks gets a ticket while no runner came, and the agent speaks for the attempt itself from any other `open` on. */
function toHandover(
  attempt: AttemptRow,
  { handsOver = false, desired }: { readonly handsOver?: boolean; readonly desired: 'run' | 'cancel' },
): AttemptChange {
  if (handsOver && attempt.handover === null && desired === 'run') return { handover: 'given' };
  if (!handsOver && attempt.handover === 'given') return { handover: 'taken-back' };
  return {};
}

export function* openAttempt(input: CommandInput<'open-attempt'>): Program<OpenAnswer> {
  const { attemptId, agentId, epoch, at, handsOver } = input;
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt === null) return yield* findRemoved(attemptId, agentId);
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
      const change: AttemptChange = {
        folder_id: input.folderId,
        session_lease_epoch: epoch.leaseEpoch,
        session_opens: epoch.opens,
        ...toHandover(attempt, { ...(handsOver && { handsOver }), desired: row.desired }),
      };
      const opened = row.commits
        ? yield* commitDocument(job, attempt, { change, at })
        : yield* changeAttempt(attempt, change);
      return yield* toJobAnswer(job, opened, { ...row, have: input.have });
    }
    default:
      return { type: row.type };
  }
}
