import { Job, type JobRequest, RerunRequest } from '../../../protocol/job.ts';
import { toPointer } from '../../../protocol/parse.ts';
import type { JobRecord } from '../../store/records.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { answerSubmission, submissionAnswers, submissionProblems } from '../submission.ts';
import { JobPath } from './job-path.ts';

/** `POST /jobs/{id}/rerun`: another job that asks for the same. */
export function rerunJob(app: ApiServer, context: ApiContext): void {
  app.post(
    '/jobs/:id/rerun',
    {
      config: { access: 'submit-jobs' },
      onRequest: async () => context.submissions.checkStore(),
      schema: {
        operationId: 'rerunJob',
        summary: 'Run a job again',
        description: 'A new job that asks for the same. Secrets are not kept: give all again that the job had.',
        tags: ['jobs'],
        params: JobPath,
        body: RerunRequest,
        takes: ['IdempotencyKey', 'Traceparent', 'Tracestate'],
        response: { 201: Job, 200: Job },
        answers: submissionAnswers,
        problems: submissionProblems,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const earlier = await context.store.queries.job(principalOf(request).account, id);
      if (earlier === null) throw notFound('job');
      const job = toRequest(earlier, request.body.secrets);
      return answerSubmission(context, request, reply, { job, said: { rerun: id, ...request.body } });
    },
  );
}

function toRequest(job: JobRecord, secrets: JobRequest['secrets']): JobRequest {
  const given = Object.keys(secrets);
  const missing = job.secretNames.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !job.secretNames.includes(name));
  const errors = [
    ...missing.map((name) => ({
      pointer: toPointer(['secrets', name]),
      message: 'missing; the job had it, and it is not kept',
    })),
    ...unknown.map((name) => ({
      pointer: toPointer(['secrets', name]),
      message: 'not known here; the job did not have it',
    })),
  ];
  if (errors.length > 0) {
    const had = job.secretNames.length === 0 ? 'it had none' : job.secretNames.join(', ');
    const detail = `give the same secrets again that the job had: ${had}`.slice(0, 1000);
    throw new ApiProblem('request-invalid', detail, { errors });
  }
  const { automation, parameters, selector, priority, labels, timeoutSeconds, expiresAt, createdAt, retry } = job;
  return {
    automation,
    parameters,
    secrets,
    selector,
    priority,
    labels,
    timeoutSeconds,
    expiresInSeconds: expiresAt === null ? null : (expiresAt - createdAt) / 1000,
    retry: { limit: retry.limit, on: [...retry.on] },
  };
}
