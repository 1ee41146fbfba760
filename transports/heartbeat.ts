import type { Clock, Timer } from '../runtime/clock.ts';
import type { ChannelLimits } from './limits.ts';

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly limits: Pick<ChannelLimits, 'pingMs' | 'silenceMs'>;
  /** Bytes that ever came in. */
  readonly receivedBytes: () => number;
  /** We stopped reading ourselves, so silence says nothing. */
  readonly isDeaf: () => boolean;
  readonly ping: () => void;
  /** Called once; the heartbeat has stopped. */
  readonly onSilence: () => void;
}

/**
 * Pings when nothing came since the last tick, and notices silence. While the other side's pings come, ours would tell neither side
 * anything new: so on a quiet link the two take turns, and each hears of the other within two ticks. Who is deaf pings all the same: it
 * cannot answer. Silence is counted in ticks in which no byte came, not in clock time: after a blocked event
 * loop or a suspended machine the bytes that wait in the kernel are read before the next tick judges.
 * So it is noticed up to one `pingMs` late.
 */
export function startHeartbeat(options: HeartbeatOptions): { stop(): void } {
  const { clock, limits } = options;
  const tickMs = Math.min(limits.pingMs, limits.silenceMs);
  const allowedTicks = Math.ceil(limits.silenceMs / tickMs);
  let heardBytes = options.receivedBytes();
  let silentTicks = 0;
  let timer: Timer = schedule();

  function schedule(): Timer {
    return clock.schedule(tickMs, tick, { background: true });
  }

  function tick(): void {
    const receivedBytes = options.receivedBytes();
    const heard = receivedBytes !== heardBytes;
    const deaf = options.isDeaf();
    silentTicks = heard || deaf ? 0 : silentTicks + 1;
    heardBytes = receivedBytes;
    if (silentTicks >= allowedTicks) {
      options.onSilence();
      return;
    }
    timer = schedule();
    // Where the first silent tick is the last, there is no later one to ask in.
    if (!heard || deaf || allowedTicks === 1) options.ping();
  }

  return { stop: () => timer.cancel() };
}
