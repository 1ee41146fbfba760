import { Job, type JobRequest, RerunRequest } from '../../../protocol/job.ts';
import { toPointer } from '../../../protocol/parse.ts';
import { toActor } from '../../identity/principal.ts';
import type { JobRecord } from '../../store/records.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toJob } from '../job-view.ts';
import { checkRequestSize, refuseLongQueue, toNewJob } from '../new-job.ts';
import { JobPath } from './job-path.ts';

/** `POST /jobs/{id}/rerun`: another job that asks for the same. */
export function rerunJob(app: ApiServer, context: ApiContext): void {
  const { store, clock } = context;
  app.post(
    '/jobs/:id/rerun',
    {
      config: { access: 'submit-jobs' },
      schema: {
        operationId: 'rerunJob',
        summary: 'Run a job again',
        description: 'A new job that asks for the same. Secrets are not kept: give all again that the job had.',
        tags: ['jobs'],
        params: JobPath,
        body: RerunRequest,
        takes: ['Traceparent'],
        response: { 201: Job },
        answers: { 201: { description: 'The new job', headers: ['Location'] } },
        problems: ['parameters-invalid', 'too-many'],
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { account } = principal;
      const earlier = await store.queries.job(account, request.params.id);
      if (earlier === null) throw notFound('job');
      const again = toRequest(earlier, request.body.secrets);
      checkRequestSize(again, context.limits);
      refuseLongQueue(context, account);
      const result = await store.apply('submit-job', {
        job: toNewJob(context, again, { account, traceparent: request.headers['traceparent'] }),
        actor: toActor(principal),
        idempotency: null,
        at: clock.now(),
      });
      if (result.type === 'conflict') throw new Error('expected no conflict without an idempotency key');
      const job = await toJob(result.job, context);
      return reply.code(201).header('location', `/api/v1/jobs/${job.id}`).send(job);
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
    throw new ApiProblem('request-invalid', 'give the same secrets again that the job had', { errors });
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
