import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { answerLog, LogQuery, logAnswers } from '../log-answer.ts';
import { AttemptPath } from './job-path.ts';

/** `GET /jobs/{id}/attempts/{number}/log`. Only the newest attempt can be followed, by the job's own log. */
export function attemptLog(app: ApiServer, context: ApiContext): void {
  app.get(
    '/jobs/:id/attempts/:number/log',
    {
      config: { access: 'read-jobs' },
      schema: {
        operationId: 'getAttemptLog',
        summary: 'Read the log of an attempt',
        tags: ['jobs'],
        params: AttemptPath,
        querystring: LogQuery,
        takes: ['Range'],
        answers: logAnswers,
        problems: ['range-not-satisfiable', 'log-removed'],
      },
    },
    async (request, reply) => {
      const { query } = request;
      if (query.follow) throw new ApiProblem('query-invalid', '/follow: only the log of the job can be followed');
      const attempts = await context.store.queries.attempts(principalOf(request).account, request.params.id);
      const attempt = attempts.find(({ number }) => number === request.params.number);
      if (attempt === undefined) throw notFound('attempt');
      await answerLog(context, request, reply, { attempt, query });
    },
  );
}
