import { z } from 'zod';
import { AuditEvent } from '../../../protocol/audit.ts';
import { Name, Timestamp } from '../../../protocol/names.ts';
import { principalOf } from '../access.ts';
import { accountOf } from '../account-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toAuditEvent } from '../audit-view.ts';
import { PageQuery, pageOf } from '../page-query.ts';

const Word = z.string().min(1).max(512).nullable().default(null);

const AuditQuery = PageQuery.extend({
  account: Name.nullable().default(null).describe("the caller's own when left out"),
  actor: Word.describe('who did it, such as `token:<id>`'),
  action: z
    .string()
    .regex(/^[a-z][a-z.-]{0,63}$/, 'expected an action, such as token.created, or how it begins, such as token')
    .nullable()
    .default(null)
    .describe('what was done, such as `token.created`; `token` is everything that was done to tokens'),
  object: Word.describe('to what, such as `agent:<id>`'),
  since: Timestamp.nullable().default(null).describe('at this time or later'),
  until: Timestamp.nullable().default(null).describe('before this time'),
});

/** `GET /audit`, the newest first. */
export function listAudit(app: ApiServer, { store, places }: ApiContext): void {
  app.get(
    '/audit',
    {
      config: { access: 'read-audit' },
      schema: {
        operationId: 'listAudit',
        summary: 'List what was done, and by whom',
        description:
          'The newest first. A page may hold fewer than `limit`, even none, and still have a `nextCursor`. Kept for `FARHAND_KEEP_AUDIT_DAYS`.',
        tags: ['audit'],
        querystring: AuditQuery,
        response: { 200: pageOf(AuditEvent) },
      },
    },
    async (request) => {
      const { account, actor, action, object, since, until, limit, cursor } = request.query;
      const filter = { actor, action, object, since: toTime(since), until: toTime(until) };
      const of = accountOf(principalOf(request), account);
      const before = cursor === null ? null : places.fromId(of, cursor);
      if (before === null && cursor !== null) {
        throw new ApiProblem('cursor-invalid', 'expected a cursor that an earlier page gave as nextCursor');
      }
      const { items, end } = await store.queries.audit(of, filter, { limit, before });
      return {
        items: items.map((event) => toAuditEvent(event, places)),
        nextCursor: end === null ? null : places.toId(of, end),
      };
    },
  );
}

function toTime(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
