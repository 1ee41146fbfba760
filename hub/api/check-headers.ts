import type { FastifyRequest } from 'fastify';
import { ApiProblem } from './api-problem.ts';

/** Headers that mean something here: one of two would have to be ignored, and readers on the way may ignore the other. */
const singles = new Set([
  'authorization',
  'content-type',
  'content-encoding',
  'farhand-proof',
  'host',
  'idempotency-key',
  'if-match',
  'last-event-id',
  'range',
]);

/** Throws `ApiProblem` (`header-invalid`) for a header that came twice, and where `Host` is missing. */
export async function checkHeaders(request: FastifyRequest): Promise<void> {
  const seen = new Set<string>();
  const { rawHeaders, headers, httpVersion } = request.raw;
  if (headers.host === undefined && httpVersion !== '1.0') {
    throw new ApiProblem('header-invalid', 'expected the header Host, got none');
  }
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!singles.has(name)) continue;
    if (seen.has(name))
      throw new ApiProblem('header-invalid', `expected the header ${name} once, got it more than once`);
    seen.add(name);
  }
}
