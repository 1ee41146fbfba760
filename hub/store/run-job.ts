import type { Actor } from './actor.ts';
import { changeJob } from './change-job.ts';
import type { Program } from './program.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { shownAttempt } from './withdraw-attempt.ts';

/** The document went, or counts as gone, to the agent of `sent`: from here on the job runs, by try `number`. `why`: for the audit. */
export function runJob(
  job: JobRow,
  sent: AttemptRow,
  {
    number,
    at,
    actor,
    ...why
  }: { readonly number: number; readonly at: number; readonly actor: Actor; readonly why?: string },
): Program<JobRow> {
  return changeJob(
    job,
    {
      ...shownAttempt(sent),
      state: 'running',
      numbers: number,
      document_attempt_id: sent.id,
      document_ordinal: sent.ordinal,
    },
    { at, actor, action: 'job.running', data: { attempt: sent.id, number, agent: sent.agent_name, ...why } },
  );
}
