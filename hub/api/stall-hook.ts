import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import { createCoarseClock } from '../../runtime/coarse-clock.ts';
import { hangUpOnStall } from '../../runtime/listening/hang-up-on-stall.ts';
import type { ApiLimits } from './api-limits.ts';

/** There is one for each answer that is on its way. */
const stepMs = 500;

/**
 * A hook that hangs up on whoever has not taken his whole answer within `stallMs`. Streams have a bound of their own, see `Readers`.
 */
export function createStallHook({ clock, limits }: { readonly clock: Clock; readonly limits: ApiLimits }) {
  const coarse = createCoarseClock(clock, stepMs);
  return async (_request: FastifyRequest, { raw: response }: FastifyReply, payload: unknown): Promise<void> => {
    if (typeof payload === 'object' && payload !== null && !Buffer.isBuffer(payload)) return;
    hangUpOnStall(response, { clock: coarse, stallMs: limits.stallMs });
  };
}
