import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Job, JobRequest } from '../../protocol/job.ts';
import type { CommandInput, CommandResult } from '../store/command.ts';
import { principalOf } from './access.ts';
import { actorOf } from './actor-of.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem } from './api-problem.ts';
import { toJob } from './job-view.ts';
import { checkRequestSize, toNewJob } from './new-job.ts';
import type { DigestedRequest } from './request-digest.ts';

const keyPattern = /^[\x21-\x7e]{1,255}$/;

/** What both routes that make a job answer. */
export const submissionAnswers = {
  201: { description: 'The job', headers: ['Location'] },
  200: { description: 'The job that the same `Idempotency-Key` made before', headers: ['Location'] },
} as const;

export const submissionProblems = ['idempotency-conflict', 'parameters-invalid', 'quota-exceeded', 'too-many'] as const;

/** Stores the job, durably, and answers with it. `said` is what the caller asked for: with the same key it must be the same. */
export async function answerSubmission(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { job: wanted, said }: { readonly job: JobRequest; readonly said: DigestedRequest },
): Promise<Job> {
  const { limits, digestRequest, store, submissions } = context;
  using _underWay = submissions.begin();
  const principal = principalOf(request);
  const { account } = principal;
  const { traceparent, tracestate } = request.headers;
  const key = readIdempotencyKey(request);
  checkRequestSize(wanted, limits);
  const idempotency = key === null ? null : { key, requestDigest: digestRequest(said) };
  // Before the parameters are checked: what agents offer may have changed since the job was taken.
  const earlier = idempotency === null ? null : await store.queries.submission(account, idempotency);
  if (earlier === null) {
    await submissions.checkLogs(account);
    submissions.checkQueue(account);
  }
  const { result, offered } =
    earlier === null
      ? await submit(context, {
          job: toNewJob(context, wanted, { account, headers: { traceparent, tracestate } }),
          actor: actorOf(request),
          idempotency,
        })
      : { result: earlier, offered: false };
  if (result.type === 'conflict') {
    throw new ApiProblem(
      'idempotency-conflict',
      'this Idempotency-Key was used for a job with another body; take a new key',
    );
  }
  const job = await toJob(result.job, context);
  const base = context.publicBase(request.raw, 'path');
  reply.code(result.type === 'created' ? 201 : 200).header('location', `${base}/api/v1/jobs/${job.id}`);
  // As it was stored. What was offered in the same commit waits for nobody, though the agent that has it now would say that it is full.
  return offered ? { ...job, waiting: [] } : job;
}

/** Two commands of one turn: where an agent is free, a job is stored and offered in one commit. */
async function submit(
  { clock, offerAtOnce, store }: ApiContext,
  submission: Omit<CommandInput<'submit-job'>, 'at'>,
): Promise<{ readonly result: CommandResult<'submit-job'>; readonly offered: boolean }> {
  const submitted = store.apply('submit-job', { ...submission, at: clock.now() });
  const [result, offered] = await Promise.all([submitted, offerAtOnce(submission.job)]);
  return { result, offered };
}

function readIdempotencyKey(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !keyPattern.test(key)) {
    throw new ApiProblem(
      'header-invalid',
      'Idempotency-Key: expected 1 to 255 visible ASCII characters without spaces',
    );
  }
  return key;
}
