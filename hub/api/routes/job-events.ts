import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { findBegin } from '../event-begin.ts';
import { eventAnswers, eventHeaders } from '../event-headers.ts';
import { streamEvents } from '../event-stream.ts';
import { readKeptEventId } from '../last-event-id.ts';
import { createProgressNews } from '../progress-news.ts';
import { JobPath } from './job-path.ts';

/** `GET /jobs/{id}/events`: all that happened to a job, and then what happens and how far it is. */
export function jobEvents(app: ApiServer, context: ApiContext): void {
  const { store, hubView, readers, auditWatch, clock, limits } = context;
  app.get(
    '/jobs/:id/events',
    {
      config: { access: 'read-events' },
      schema: {
        operationId: 'watchJob',
        summary: 'Watch a job',
        description: 'All that happened to it, or what came after `Last-Event-ID`; then what happens.',
        tags: ['events'],
        params: JobPath,
        takes: ['LastEventId'],
        answers: eventAnswers,
        problems: ['events-removed', 'too-many'],
      },
    },
    async (request, reply) => {
      const { account } = principalOf(request);
      const { id } = request.params;
      if ((await store.queries.job(account, id)) === null) throw notFound('job');
      const read = (from: number, limit: number) => store.queries.auditOf(account, `job:${id}`, from, limit);
      const hasAfter = async (sequence: number) => (await read(sequence, 1)).length > 0;
      const after = await findBegin((await readKeptEventId(request, context)) ?? 0, hasAfter);
      await readers.serve(reply, {
        status: 200,
        headers: eventHeaders,
        body: (signal) =>
          streamEvents({
            read,
            shows: () => true,
            after,
            topic: { account, object: `job:${id}` },
            places: context.places,
            watch: auditWatch,
            live: createProgressNews({ account, jobId: id, store, hubView, clock }),
            clock,
            heartbeatMs: limits.heartbeatMs,
            signal,
          }),
        follower: account,
      });
    },
  );
}
