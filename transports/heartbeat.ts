import type { Clock, Timer } from '../runtime/clock.ts';
import type { ChannelLimits } from './limits.ts';

/** Whose signs of life are watched. */
export interface HeartbeatOwner {
  /** Bytes that ever came in. */
  receivedBytes(): number;
  /** We stopped reading ourselves, so silence says nothing. */
  isDeaf(): boolean;
  ping(): void;
  /** Called once; the heartbeat has stopped. */
  silent(): void;
}

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly limits: Pick<ChannelLimits, 'pingMs' | 'silenceMs'>;
}

/**
 * Pings when nothing came since the last tick, and notices silence. While the other side's pings come, ours would tell neither side
 * anything new: so on a quiet link the two take turns, and each hears of the other within two ticks. Who is deaf pings all the same: it
 * cannot answer. Silence is counted in ticks in which no byte came, not in clock time: after a blocked event
 * loop or a suspended machine the bytes that wait in the kernel are read before the next tick judges.
 * So it is noticed up to one `pingMs` late.
 */
export interface Heartbeat {
  stop(): void;
}

/** A hub has one for each agent: hence no closure but the one that the clock calls. */
class TickingHeartbeat implements Heartbeat {
  readonly #owner: HeartbeatOwner;
  readonly #clock: Clock;
  readonly #limits: HeartbeatOptions['limits'];
  readonly #onTick = () => this.#tick();
  #heardBytes: number;
  #silentTicks = 0;
  #timer: Timer;

  constructor(owner: HeartbeatOwner, { clock, limits }: HeartbeatOptions) {
    this.#owner = owner;
    this.#clock = clock;
    this.#limits = limits;
    this.#heardBytes = owner.receivedBytes();
    this.#timer = this.#schedule();
  }

  stop(): void {
    this.#timer.cancel();
  }

  get #tickMs(): number {
    const { pingMs, silenceMs } = this.#limits;
    return Math.min(pingMs, silenceMs);
  }

  #schedule(): Timer {
    return this.#clock.schedule(this.#tickMs, this.#onTick, { background: true });
  }

  #tick(): void {
    const owner = this.#owner;
    const allowedTicks = Math.ceil(this.#limits.silenceMs / this.#tickMs);
    const receivedBytes = owner.receivedBytes();
    const heard = receivedBytes !== this.#heardBytes;
    const deaf = owner.isDeaf();
    this.#silentTicks = heard || deaf ? 0 : this.#silentTicks + 1;
    this.#heardBytes = receivedBytes;
    if (this.#silentTicks >= allowedTicks) {
      owner.silent();
      return;
    }
    this.#timer = this.#schedule();
    // Where the first silent tick is the last, there is no later one to ask in.
    if (!heard || deaf || allowedTicks === 1) owner.ping();
  }
}

export function startHeartbeat(owner: HeartbeatOwner, options: HeartbeatOptions): Heartbeat {
  return new TickingHeartbeat(owner, options);
}
