import type { Clock, Timer } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import type { Channel, CloseOptions, CloseReason } from './channel.ts';
import { type Heartbeat, type HeartbeatOwner, startHeartbeat } from './heartbeat.ts';
import { createInbox, type Inbox, type InboxOptions } from './inbox.ts';
import type { ChannelLimits } from './limits.ts';
import { fromProtocolError } from './protocol-failure.ts';
import { createSendGate, type SendGate } from './send-gate.ts';
import { TransportError } from './transport-error.ts';

export interface ChannelOptions<In, Out> {
  readonly id: string;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
  /** Makes the carrier. It may call `events` as soon as this has returned. */
  readonly carry: (events: CarrierEvents<In>) => Carrier<Out>;
}

/**
 * - `open`: from the start, until one side closes or something fails. The only state in which `send` takes messages
 * - `closing`: the reason is settled, the connection is still there. Left when the carrier is gone, which the deadline
 *   `closeMs` makes sure of. Whatever happens meanwhile, the reason stays: one who closes always sees `local`
 * - `closed`: the carrier is gone, nothing of ours is pending
 */
type State =
  | { readonly type: 'open' }
  | { readonly type: 'closing'; readonly reason: CloseReason }
  | { readonly type: 'closed'; readonly reason: CloseReason };

/**
 * What its parts call is on the channel itself: a hub has thousands of idle ones, and each closure of each counts.
 */
class CarriedChannel<In, Out> implements Channel<In, Out>, CarrierEvents<In>, InboxOptions, HeartbeatOwner {
  readonly id: string;
  readonly closed: Promise<CloseReason>;
  readonly #clock: Clock;
  readonly #limits: ChannelLimits;
  readonly #logger: Logger;
  readonly #inbox: Inbox<In>;
  readonly #gate: SendGate;
  readonly #heartbeat: Heartbeat;
  readonly #carrier: Carrier<Out>;
  readonly #settle: (reason: CloseReason) => void;
  #state: State = { type: 'open' };
  #deadline: Timer | null = null;

  constructor(options: ChannelOptions<In, Out>) {
    this.id = options.id;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#logger = options.logger;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#settle = resolve;
    this.#gate = createSendGate(options.limits);
    this.#carrier = options.carry(this);
    this.#inbox = createInbox<In>(this);
    this.#heartbeat = startHeartbeat(this, options);
  }

  send(message: Out): Promise<void> {
    if (this.#state.type !== 'open') return Promise.reject(this.#closedError());
    try {
      if (!this.#carrier.write(message)) return Promise.reject(this.#closedError());
    } catch (error) {
      return Promise.reject(fromProtocolError(error));
    }
    return this.#gate.pass(this.#carrier.bufferedBytes());
  }

  async close(options: CloseOptions = {}): Promise<void> {
    if (this.#state.type === 'open') {
      this.#beginClosing({ type: 'local' });
      this.#carrier.end({ reason: options.reason ?? '', retryAfterMs: options.retryAfterMs ?? null });
    }
    if (options.signal === undefined) {
      await this.closed;
      return;
    }
    const cut = () => this.#carrier.destroy();
    if (options.signal.aborted) cut();
    else options.signal.addEventListener('abort', cut);
    await this.closed;
    options.signal.removeEventListener('abort', cut);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<In> {
    return this.#inbox[Symbol.asyncIterator]();
  }

  received(message: In, bytes: number): void {
    this.#inbox.push(message, bytes);
  }

  drained(): void {
    this.#gate.drained(this.#carrier.bufferedBytes());
  }

  ending(reason: CloseReason): void {
    this.#beginClosing(reason);
  }

  ended(reason: CloseReason): void {
    this.#finish(reason);
  }

  get maxBytes(): number {
    return this.#limits.inboxBytes;
  }

  onFull(): void {
    this.#carrier.pause();
  }

  onRoom(): void {
    this.#carrier.resume();
  }

  receivedBytes(): number {
    return this.#carrier.receivedBytes();
  }

  sentBytes(): number {
    return this.#carrier.sentBytes();
  }

  isDeaf(): boolean {
    return this.#inbox.full;
  }

  ping(): void {
    this.#carrier.ping();
  }

  silent(): void {
    const seconds = this.#limits.silenceMs / 1000;
    const error = new TransportError(
      'silent',
      `expected a sign of life within ${seconds} s, got none: the other side or the way to it is down`,
    );
    this.#beginClosing({ type: 'failure', error });
    this.#carrier.destroy();
  }

  #beginClosing(reason: CloseReason): void {
    if (this.#state.type !== 'open') return;
    this.#setState({ type: 'closing', reason });
    this.#heartbeat.stop();
    this.#inbox.end();
    // What still comes is dropped, and among it is the other side's answer to our closing.
    this.#carrier.resume();
    this.#deadline = this.#clock.schedule(this.#limits.closeMs, () => this.#carrier.destroy());
  }

  #finish(reason: CloseReason): void {
    if (this.#state.type === 'closed') return;
    const settled = this.#state.type === 'closing' ? this.#state.reason : reason;
    this.#setState({ type: 'closed', reason: settled });
    this.#heartbeat.stop();
    this.#deadline?.cancel();
    this.#inbox.end();
    this.#gate.fail(() => this.#closedError());
    this.#settle(settled);
  }

  #closedError(): TransportError {
    return new TransportError('closed', `the channel ${this.id} is ${this.#state.type}: nothing can be sent on it`);
  }

  #setState(next: State): void {
    const fields = { from: this.#state.type, to: next.type, ...(next.type === 'open' ? {} : { reason: next.reason }) };
    this.#logger.debug(fields, 'channel state changed');
    this.#state = next;
  }
}

/** Makes a channel of a carrier: order, back-pressure both ways, signs of life, and one settled reason for the end. */
export function createChannel<In, Out>(options: ChannelOptions<In, Out>): Channel<In, Out> {
  return new CarriedChannel(options);
}
