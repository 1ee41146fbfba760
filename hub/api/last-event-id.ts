import type { FastifyRequest } from 'fastify';
import { principalOf } from './access.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem } from './api-problem.ts';

/** The beginning, and places as hubs before 0.2 told them. */
const numberPattern = /^\d{1,15}$/;
const placePattern = /^[\w-]{22}$/;

/**
 * Where a reader of events says that it was; null when it comes for the first time. Throws `ApiProblem`: `header-invalid`, and `events-removed` where
 * events after it are not kept any more: a reader that went on as if nothing was missing would be wrong about everything since.
 */
export async function readKeptEventId(
  request: FastifyRequest,
  { store, places }: Pick<ApiContext, 'store' | 'places'>,
): Promise<number | null> {
  const text = request.headers['last-event-id'];
  if (text === undefined || text === '') return null;
  const sequence = typeof text === 'string' ? toSequence(text, principalOf(request).account, places) : null;
  if (sequence === null)
    throw new ApiProblem('header-invalid', 'Last-Event-ID: expected the id of an event of this stream');
  if (sequence === 0 || sequence >= (await store.queries.auditRemovedThrough())) return sequence;
  throw new ApiProblem(
    'events-removed',
    'Last-Event-ID: events after it are not kept any more (FARHAND_KEEP_AUDIT_DAYS of the hub); read anew what you follow, then come without it',
  );
}

/** A place that another hub told is after all that this one has. */
function toSequence(text: string, account: string, places: ApiContext['places']): number | null {
  if (numberPattern.test(text)) return Number(text);
  if (!placePattern.test(text)) return null;
  return places.fromId(account, text) ?? Number.MAX_SAFE_INTEGER;
}
