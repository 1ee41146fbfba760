import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { answerFollowedLog, answerLog, LogQuery, logAnswers } from '../log-answer.ts';
import { JobPath } from './job-path.ts';

/** `GET /jobs/{id}/log`: of the newest attempt. Bytes as they came, whatever they are: nothing here looks into them. */
export function jobLog(app: ApiServer, context: ApiContext): void {
  app.get(
    '/jobs/:id/log',
    {
      config: { access: 'read-jobs' },
      schema: {
        operationId: 'getJobLog',
        summary: 'Read the log of a job',
        description:
          'Of its newest attempt. With `follow=true` the answer lasts until the job has ended; one that is broken off is not whole.',
        tags: ['jobs'],
        params: JobPath,
        querystring: LogQuery,
        takes: ['Range'],
        answers: logAnswers,
        problems: ['range-not-satisfiable', 'log-removed', 'too-many'],
      },
    },
    async (request, reply) => {
      const { account } = principalOf(request);
      const { id } = request.params;
      const { query } = request;
      if (query.follow && request.method !== 'HEAD') {
        const watched = await context.jobWatch.watch(account, id);
        if (watched === null) throw notFound('job');
        await answerFollowedLog(context, request, reply, { watched, query });
        return;
      }
      const job = await context.store.queries.job(account, id);
      if (job === null) throw notFound('job');
      const attempt = job.attemptId === null ? null : await context.store.queries.attempt(job.attemptId);
      await answerLog(context, request, reply, { attempt, query });
    },
  );
}
