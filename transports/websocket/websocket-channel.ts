import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Carrier, CarrierEvents, Farewell } from '../carrier.ts';
import type { Channel } from '../channel.ts';
import { createChannel } from '../channel-base.ts';
import type { ChannelLimits } from '../limits.ts';
import { fromProtocolError } from '../protocol-failure.ts';
import { TransportError } from '../transport-error.ts';
import { type CloseFrame, failureFrame, fromCloseFrame, toCloseFrame } from './close-frame.ts';
import { fromWebsocketError } from './errors.ts';
import type { Codec } from './wire.ts';

/** So much is worth a system call of its own. */
const corkedBytes = 64 * 1024;

export interface WebsocketChannelOptions<In, Out> {
  readonly id: string;
  /** Open, and nothing was read from it yet. */
  readonly websocket: WebSocket;
  /** The connection under it. */
  readonly socket: Socket;
  readonly codec: Codec<In, Out>;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
}

/** Must be called in the same tick in which the websocket opened, or its first messages are missed. */
export function createWebsocketChannel<In, Out>(options: WebsocketChannelOptions<In, Out>): Channel<In, Out> {
  const { id, clock, limits, logger } = options;
  return createChannel({ id, clock, limits, logger, carry: (events) => new WebsocketCarrier(options, events) });
}

/** A hub has one for each agent: hence no closures but those that others call. */
class WebsocketCarrier<In, Out> implements Carrier<Out> {
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #codec: Codec<In, Out>;
  readonly #maxMessageBytes: number;
  readonly #events: CarrierEvents<In>;
  #socketError: unknown;
  /** What comes behind a message that could not be read is not read either. */
  #garbled = false;
  /** Messages of one tick leave in one system call, unless they are many. */
  #corked = false;

  constructor({ websocket, socket, codec, limits }: WebsocketChannelOptions<In, Out>, events: CarrierEvents<In>) {
    this.#websocket = websocket;
    this.#socket = socket;
    this.#codec = codec;
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#events = events;
    socket.on('error', (error) => {
      this.#socketError = error;
    });
    websocket.on('message', (data: Buffer, binary) => this.#receive(data, binary));
    websocket.on('error', (error) => events.ending({ type: 'failure', error: fromWebsocketError(error) }));
    websocket.on('close', (code, text) =>
      events.ended(fromCloseFrame({ code, text: text.toString('utf8') }, this.#socketError)),
    );
  }

  write(message: Out): boolean {
    const websocket = this.#websocket;
    if (websocket.readyState !== WebSocket.OPEN) return false;
    const payload = this.#codec.encode(message);
    checkSize(payload, this.#maxMessageBytes);
    this.#cork();
    websocket.send(payload, typeof payload === 'string' ? this.#onWritten : this.#onBytesWritten(payload));
    if (websocket.bufferedAmount >= corkedBytes) this.#uncork();
    return true;
  }

  bufferedBytes(): number {
    return this.#websocket.bufferedAmount;
  }

  receivedBytes(): number {
    return this.#socket.bytesRead;
  }

  sentBytes(): number {
    return this.#socket.bytesWritten;
  }

  ping(): void {
    if (this.#websocket.readyState === WebSocket.OPEN) this.#websocket.ping();
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
  }

  end(farewell: Farewell): void {
    this.#closeWith(toCloseFrame(farewell));
  }

  destroy(): void {
    this.#websocket.terminate();
  }

  /** One for all texts: the wire took some. An error is told by `close` too. */
  readonly #onWritten = () => this.#events.drained();

  #onBytesWritten(payload: Uint8Array): (error?: Error) => void {
    return (error) => {
      if (!(error instanceof Error)) this.#codec.written(payload);
      this.#events.drained();
    };
  }

  #receive(data: Buffer, binary: boolean): void {
    if (this.#garbled) return;
    let message: In;
    try {
      message = this.#codec.decode(data, binary);
    } catch (error) {
      this.#garbled = true;
      const failure = fromProtocolError(error);
      this.#closeWith(failureFrame(failure));
      this.#events.ending({ type: 'failure', error: failure });
      return;
    }
    this.#events.received(message, data.length);
  }

  #closeWith(frame: CloseFrame): void {
    this.#websocket.close(frame.code, frame.text);
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }
}

function checkSize(payload: string | Uint8Array, maxBytes: number): void {
  // A UTF-16 unit is at most three bytes of UTF-8: most texts need not be measured.
  if (typeof payload === 'string' && payload.length * 3 <= maxBytes) return;
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  if (bytes > maxBytes)
    throw new TransportError('too-large', `expected a message of at most ${maxBytes} bytes, got ${bytes}`);
}
