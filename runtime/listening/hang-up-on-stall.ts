import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';

/**
 * Hangs up on whoever has not taken the whole answer within `stallMs` from now: a client that asks and never reads would keep the
 * connection, and the answer, for ever. Node has no bound for this, and TCP none where the other side says that it lives.
 */
export function hangUpOnStall(
  response: ServerResponse,
  { clock, stallMs }: { readonly clock: Clock; readonly stallMs: number },
): void {
  // The answer has none of its own while those to earlier requests stand before it.
  const { socket } = response.req;
  const timer = clock.schedule(stallMs, () => socket.destroy(), { background: true });
  response.once('close', () => timer.cancel());
  if (response.closed) timer.cancel();
}
