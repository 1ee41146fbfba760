import type { AuditRecord } from '../../store/records.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { findBegin } from '../event-begin.ts';
import { eventAnswers, eventHeaders } from '../event-headers.ts';
import { streamEvents } from '../event-stream.ts';
import { readKeptEventId } from '../last-event-id.ts';

/** `GET /events`: what happens to the account's jobs and agents from now on, or after `Last-Event-ID`. */
export function events(app: ApiServer, context: ApiContext): void {
  const { readers, auditWatch, clock, limits } = context;
  app.get(
    '/events',
    {
      config: { access: 'read-events' },
      schema: {
        operationId: 'watchEvents',
        summary: 'Watch what happens',
        description: 'To the jobs and agents of the account, from now on, or after `Last-Event-ID`.',
        tags: ['events'],
        takes: ['LastEventId'],
        answers: eventAnswers,
        problems: ['events-removed', 'too-many'],
      },
    },
    async (request, reply) => {
      const { account } = principalOf(request);
      const read = (after: number, limit: number) => auditWatch.read(account, after, limit);
      const hasAfter = async (sequence: number) => (await read(sequence, 1)).length > 0;
      const after = await findBegin(await readKeptEventId(request, context), hasAfter);
      await readers.serve(reply, {
        status: 200,
        headers: eventHeaders,
        body: (signal) =>
          streamEvents({
            read,
            shows,
            topic: { account, object: null },
            after,
            places: context.places,
            watch: auditWatch,
            clock,
            heartbeatMs: limits.heartbeatMs,
            signal,
          }),
        follower: account,
      });
    },
  );
}

/** Tokens, and who was turned away from where, are nobody's business but an administrator's. */
function shows({ object, action }: AuditRecord): boolean {
  if (action === 'auth.refused') return false;
  return object.startsWith('job:') || object.startsWith('agent:');
}
