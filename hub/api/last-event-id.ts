import type { FastifyRequest } from 'fastify';
import type { Store } from '../store/store.ts';
import { ApiProblem } from './api-problem.ts';

/**
 * The same, for a place of the audit. Throws `ApiProblem` (`events-removed`) where events after it are not kept any more: a reader that went on
 * as if nothing was missing would be wrong about everything since.
 */
export async function readKeptEventId(request: FastifyRequest, store: Store): Promise<number | null> {
  const id = readLastEventId(request);
  if (id === null || id === 0) return id;
  const removedThrough = await store.queries.auditRemovedThrough();
  if (id >= removedThrough) return id;
  throw new ApiProblem(
    'events-removed',
    `Last-Event-ID: events up to ${removedThrough} are not kept any more (FARHAND_KEEP_AUDIT_DAYS of the hub); read anew what you follow, then come without it`,
  );
}

/** Where a reader of events says that it was; null when it comes for the first time. Throws `ApiProblem` (`header-invalid`). */
function readLastEventId(request: FastifyRequest): number | null {
  const text = request.headers['last-event-id'];
  if (text === undefined || text === '') return null;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new ApiProblem('header-invalid', 'Last-Event-ID: expected the id of an event of this stream');
}
