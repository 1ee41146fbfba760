import { type AttemptChange, changeAttempt } from './change-attempt.ts';
import type { Program } from './program.ts';
import { runJob } from './run-job.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { wishCancel } from './wish-cancel.ts';

/** Everything that must be durable before the document may leave, `change` with it: to which folder, in which session. Older attempts that are still out are asked to stop. */
export function* commitDocument(
  job: JobRow,
  attempt: AttemptRow,
  { change, at }: { readonly change: AttemptChange; readonly at: number },
): Program<AttemptRow> {
  const number = job.numbers + 1;
  const sent = yield* changeAttempt(attempt, {
    ...change,
    state: 'running',
    number,
    document_sent_at: at,
  });
  const running = yield* runJob(job, sent, { number, at, actor: `agent:${attempt.agent_id}` });
  if (number > 1) yield* wishCancel(running, sent.id);
  return sent;
}
