import type { FastifyRequest } from 'fastify';
import { ApiProblem } from './api-problem.ts';

/** Headers that mean something here: one of two would have to be ignored, and readers on the way may ignore the other. */
const singles = new Set([
  'authorization',
  'content-type',
  'content-encoding',
  'farhand-proof',
  'idempotency-key',
  'last-event-id',
  'range',
]);

/** Throws `ApiProblem` for a header that came twice. */
export async function refuseDoubledHeaders(request: FastifyRequest): Promise<void> {
  const seen = new Set<string>();
  const { rawHeaders } = request.raw;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!singles.has(name)) continue;
    if (seen.has(name))
      throw new ApiProblem('header-invalid', `expected the header ${name} once, got it more than once`);
    seen.add(name);
  }
}
