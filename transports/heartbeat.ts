import type { Clock, Timer } from '../runtime/clock.ts';
import type { ChannelLimits } from './limits.ts';

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly limits: Pick<ChannelLimits, 'pingMs' | 'silenceMs'>;
  /** Bytes that ever came in. */
  readonly receivedBytes: () => number;
  /** Bytes that were ever written, those that still wait for the wire included. */
  readonly sentBytes: () => number;
  /** We stopped reading ourselves, so silence says nothing. */
  readonly isDeaf: () => boolean;
  readonly ping: () => void;
  /** Called once; the heartbeat has stopped. */
  readonly onSilence: () => void;
}

/** Two of them make a `pingMs`. Finer ones would tell better when the last byte came, and cost more. */
const ticksPerPing = 2;

/**
 * Pings when nothing came, or nothing went out, for a `pingMs`, and notices silence. On a quiet link the two sides take turns: a ping and
 * its answer are a sign of life for both. Who says nothing pings whatever comes in: the other side's ping may stand behind all
 * that it sends, and who is deaf answers none.
 *
 * Silence is counted in ticks in which no byte came, so it is noticed within `silenceMs`, at most one tick sooner; the
 * other side has half of that time to answer. A tick that is late counts for nothing: after a blocked event loop the bytes that wait in
 * the kernel are read first. After a pause as long as `silenceMs` (a suspended machine) the other side is asked at once, and has a `pingMs`.
 */
export function startHeartbeat(options: HeartbeatOptions): { stop(): void } {
  const { clock, limits } = options;
  const tickMs = Math.min(limits.pingMs, limits.silenceMs) / ticksPerPing;
  // A byte may come right behind a tick, and is counted at the next.
  const allowedTicks = Math.max(Math.floor(limits.silenceMs / tickMs) - 1, 1);
  const askEvery = Math.min(ticksPerPing, allowedTicks);
  let heardBytes = options.receivedBytes();
  let saidBytes = options.sentBytes();
  let silentTicks = 0;
  let mutedTicks = 0;
  let dueMs = 0;
  let timer: Timer = schedule();

  function schedule(): Timer {
    dueMs = clock.monotonic() + tickMs;
    return clock.schedule(tickMs, tick, { background: true });
  }

  function tick(): void {
    const lateMs = clock.monotonic() - dueMs;
    const receivedBytes = options.receivedBytes();
    const sentBytes = options.sentBytes();
    const paused = lateMs >= limits.silenceMs;
    if (receivedBytes !== heardBytes || options.isDeaf()) silentTicks = 0;
    else if (paused) silentTicks = Math.max(allowedTicks - ticksPerPing, 0);
    else if (lateMs < tickMs) silentTicks += 1;
    mutedTicks = sentBytes === saidBytes ? mutedTicks + 1 : 0;
    heardBytes = receivedBytes;
    saidBytes = sentBytes;
    if (silentTicks >= allowedTicks) {
      options.onSilence();
      return;
    }
    timer = schedule();
    const asks = silentTicks > 0 && silentTicks % askEvery === 0;
    // Where the first silent tick is the last, there is no later one to ask in.
    if (paused || asks || mutedTicks >= ticksPerPing || allowedTicks === 1) options.ping();
  }

  return { stop: () => timer.cancel() };
}
