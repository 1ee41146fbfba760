import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import { createCoarseClock } from '../../runtime/coarse-clock.ts';
import type { ApiLimits } from './api-limits.ts';

/** There is one for each answer that is on its way. */
const stepMs = 500;

/**
 * A hook that hangs up on whoever has not taken his whole answer within `stallMs`: a client that asks and never reads would keep the
 * connection, and the answer, for ever. Node has no bound for this, and TCP none where the other side says that it lives. Streams have
 * one of their own, see `Readers`.
 */
export function createStallHook({ clock, limits }: { readonly clock: Clock; readonly limits: ApiLimits }) {
  const coarse = createCoarseClock(clock, stepMs);
  return async (
    { raw: { socket } }: FastifyRequest,
    { raw: response }: FastifyReply,
    payload: unknown,
  ): Promise<void> => {
    if (typeof payload === 'object' && payload !== null && !Buffer.isBuffer(payload)) return;
    const timer = coarse.schedule(limits.stallMs, () => socket.destroy(), { background: true });
    response.once('close', () => timer.cancel());
    if (response.closed) timer.cancel();
  };
}
