import type { FastifyRequest } from 'fastify';
import { Job, JobRequest } from '../../../protocol/job.ts';
import { toActor } from '../../identity/principal.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toJob } from '../job-view.ts';
import { checkRequestSize, refuseLongQueue, toNewJob } from '../new-job.ts';

const keyPattern = /^[\x21-\x7e]{1,255}$/;

/** `POST /jobs`: the job is stored, durably, when this answers. */
export function submitJob(app: ApiServer, context: ApiContext): void {
  const { store, clock, digestRequest } = context;
  app.post(
    '/jobs',
    {
      config: { access: 'submit-jobs' },
      schema: {
        operationId: 'submitJob',
        summary: 'Submit a job',
        description: 'It is stored, durably, when this answers.',
        tags: ['jobs'],
        body: JobRequest,
        takes: ['IdempotencyKey', 'Traceparent'],
        response: { 201: Job, 200: Job },
        answers: {
          201: { description: 'The job', headers: ['Location'] },
          200: { description: 'The job that the same `Idempotency-Key` made before', headers: ['Location'] },
        },
        problems: ['idempotency-conflict', 'parameters-invalid', 'too-many'],
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { account } = principal;
      const key = readIdempotencyKey(request);
      checkRequestSize(request.body, context.limits);
      const idempotency = key === null ? null : { key, requestDigest: digestRequest(request.body) };
      // Before the parameters are checked: what agents offer may have changed since the job was taken.
      const earlier = idempotency === null ? null : await store.queries.submission(account, idempotency);
      if (earlier === null) refuseLongQueue(context, account);
      const result =
        earlier ??
        (await store.apply('submit-job', {
          job: toNewJob(context, request.body, { account, traceparent: request.headers['traceparent'] }),
          actor: toActor(principal),
          idempotency,
          at: clock.now(),
        }));
      if (result.type === 'conflict') {
        throw new ApiProblem(
          'idempotency-conflict',
          'this Idempotency-Key was used for a job with another body; take a new key',
        );
      }
      const job = await toJob(result.job, context);
      return reply
        .code(result.type === 'created' ? 201 : 200)
        .header('location', `/api/v1/jobs/${job.id}`)
        .send(job);
    },
  );
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
