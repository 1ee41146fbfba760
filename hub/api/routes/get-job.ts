import { Job } from '../../../protocol/job.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toJob } from '../job-view.ts';
import { JobPath } from './job-path.ts';

/** `GET /jobs/{id}`. */
export function getJob(app: ApiServer, context: ApiContext): void {
  app.get(
    '/jobs/:id',
    {
      config: { access: 'read-jobs' },
      schema: {
        operationId: 'getJob',
        summary: 'Get a job',
        tags: ['jobs'],
        params: JobPath,
        response: { 200: Job },
      },
    },
    async (request) => {
      const job = await context.store.queries.job(principalOf(request).account, request.params.id);
      if (job === null) throw notFound('job');
      return toJob(job, context);
    },
  );
}
