import type { FastifyRequest } from 'fastify';
import { ApiProblem } from './api-problem.ts';

/** Where a reader of events says that it was; null when it comes for the first time. Throws `ApiProblem` (`header-invalid`). */
export function readLastEventId(request: FastifyRequest): number | null {
  const text = request.headers['last-event-id'];
  if (text === undefined || text === '') return null;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new ApiProblem('header-invalid', 'Last-Event-ID: expected the id of an event of this stream');
}
