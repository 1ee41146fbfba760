import { Job } from '../../../protocol/job.ts';
import { principalOf } from '../access.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { EmptyBody } from '../empty-body.ts';
import { toJob } from '../job-view.ts';
import { JobPath } from './job-path.ts';

/** `POST /jobs/{id}/cancel`: 202 says that it was asked for; the job says how it ended. */
export function cancelJob(app: ApiServer, context: ApiContext): void {
  const { store, clock } = context;
  app.post(
    '/jobs/:id/cancel',
    {
      config: { access: 'cancel-jobs' },
      schema: {
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description:
          'What runs gets TERM and after a while KILL. A job that is `lost` is cancelled when its agent comes back.',
        tags: ['jobs'],
        params: JobPath,
        body: EmptyBody,
        response: { 202: Job },
        answers: { 202: { description: 'It was asked for; the job says how it ended' } },
        problems: ['job-ended'],
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const result = await store.apply('cancel-job', {
        account: principal.account,
        jobId: request.params.id,
        actor: actorOf(request),
        at: clock.now(),
      });
      if (result.type === 'not-found') throw notFound('job');
      if (result.type === 'ended') throw new ApiProblem('job-ended', `the job has ended: ${result.job.state}`);
      return reply.code(202).send(await toJob(result.job, context));
    },
  );
}
