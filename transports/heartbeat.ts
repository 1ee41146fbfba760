import type { Clock, Timer } from '../runtime/clock.ts';
import type { ChannelLimits } from './limits.ts';

/** Whose signs of life are watched. */
export interface HeartbeatOwner {
  /** Bytes that ever came in. */
  receivedBytes(): number;
  /** Bytes that were ever written, those that still wait for the wire included. */
  sentBytes(): number;
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
  #saidBytes: number;
  #silentTicks = 0;
  #mutedTicks = 0;
  #dueMs = 0;
  #timer: Timer;

  constructor(owner: HeartbeatOwner, { clock, limits }: HeartbeatOptions) {
    this.#owner = owner;
    this.#clock = clock;
    this.#limits = limits;
    this.#heardBytes = owner.receivedBytes();
    this.#saidBytes = owner.sentBytes();
    this.#timer = this.#schedule();
  }

  stop(): void {
    this.#timer.cancel();
  }

  get #tickMs(): number {
    const { pingMs, silenceMs } = this.#limits;
    return Math.min(pingMs, silenceMs) / ticksPerPing;
  }

  #schedule(): Timer {
    this.#dueMs = this.#clock.monotonic() + this.#tickMs;
    return this.#clock.schedule(this.#tickMs, this.#onTick, { background: true });
  }

  #tick(): void {
    const owner = this.#owner;
    const tickMs = this.#tickMs;
    const { silenceMs } = this.#limits;
    // A byte may come right behind a tick, and is counted at the next.
    const allowedTicks = Math.max(Math.floor(silenceMs / tickMs) - 1, 1);
    const askEvery = Math.min(ticksPerPing, allowedTicks);
    const lateMs = this.#clock.monotonic() - this.#dueMs;
    const receivedBytes = owner.receivedBytes();
    const sentBytes = owner.sentBytes();
    const paused = lateMs >= silenceMs;
    if (receivedBytes !== this.#heardBytes || owner.isDeaf()) this.#silentTicks = 0;
    else if (paused) this.#silentTicks = Math.max(allowedTicks - ticksPerPing, 0);
    else if (lateMs < tickMs) this.#silentTicks += 1;
    this.#mutedTicks = sentBytes === this.#saidBytes ? this.#mutedTicks + 1 : 0;
    this.#heardBytes = receivedBytes;
    this.#saidBytes = sentBytes;
    if (this.#silentTicks >= allowedTicks) {
      owner.silent();
      return;
    }
    this.#timer = this.#schedule();
    const asks = this.#silentTicks > 0 && this.#silentTicks % askEvery === 0;
    // Where the first silent tick is the last, there is no later one to ask in.
    if (paused || asks || this.#mutedTicks >= ticksPerPing || allowedTicks === 1) owner.ping();
  }
}

export function startHeartbeat(owner: HeartbeatOwner, options: HeartbeatOptions): Heartbeat {
  return new TickingHeartbeat(owner, options);
}
