import { Attempt } from '../../../protocol/attempt.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toAttempt } from '../attempt-view.ts';
import { pageOf } from '../page-query.ts';
import { JobPath } from './job-path.ts';

/** `GET /jobs/{id}/attempts`, the oldest first. */
export function listAttempts(app: ApiServer, context: ApiContext): void {
  const { store, logs } = context;
  app.get(
    '/jobs/:id/attempts',
    {
      config: { access: 'read-jobs' },
      schema: {
        operationId: 'listAttempts',
        summary: 'List the attempts of a job',
        description: 'Every try whose document was sent, the oldest first.',
        tags: ['jobs'],
        params: JobPath,
        response: { 200: pageOf(Attempt) },
      },
    },
    async (request) => {
      const { account } = principalOf(request);
      const { id } = request.params;
      if ((await store.queries.job(account, id)) === null) throw notFound('job');
      const attempts = await store.queries.attempts(account, id);
      return { items: await Promise.all(attempts.map((attempt) => toAttempt(attempt, logs))), nextCursor: null };
    },
  );
}
