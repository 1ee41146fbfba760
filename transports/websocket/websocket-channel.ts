import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Carrier, CarrierEvents } from '../carrier.ts';
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
  return createChannel({ id, clock, limits, logger, carry: (events) => carry(options, events) });
}

function carry<In, Out>(options: WebsocketChannelOptions<In, Out>, events: CarrierEvents<In>): Carrier<Out> {
  const { websocket, socket, codec, limits } = options;
  let socketError: unknown;
  /** What comes behind a message that could not be read is not read either. */
  let garbled = false;

  socket.on('error', (error) => {
    socketError = error;
  });
  websocket.on('message', (data: Buffer, binary) => receive(data, binary));
  websocket.on('error', (error) => events.ending({ type: 'failure', error: fromWebsocketError(error) }));
  websocket.on('close', (code, text) =>
    events.ended(fromCloseFrame({ code, text: text.toString('utf8') }, socketError)),
  );

  function receive(data: Buffer, binary: boolean): void {
    if (garbled) return;
    let message: In;
    try {
      message = codec.decode(data, binary);
    } catch (error) {
      garbled = true;
      const failure = fromProtocolError(error);
      closeWith(failureFrame(failure));
      events.ending({ type: 'failure', error: failure });
      return;
    }
    events.received(message, data.length);
  }

  function closeWith(frame: CloseFrame): void {
    websocket.close(frame.code, frame.text);
  }

  /** Messages of one tick leave in one system call, unless they are many. */
  let corked = false;

  function cork(): void {
    if (corked) return;
    corked = true;
    socket.cork();
    process.nextTick(uncork);
  }

  function uncork(): void {
    if (!corked) return;
    corked = false;
    socket.uncork();
  }

  /** One for all writes: the wire took some. An error is told by `close` too. */
  const onWritten = () => events.drained();

  return {
    write(message) {
      if (websocket.readyState !== WebSocket.OPEN) return false;
      const payload = codec.encode(message);
      checkSize(payload, limits.maxMessageBytes);
      cork();
      websocket.send(payload, onWritten);
      if (websocket.bufferedAmount >= corkedBytes) uncork();
      return true;
    },
    bufferedBytes: () => websocket.bufferedAmount,
    receivedBytes: () => socket.bytesRead,
    ping() {
      if (websocket.readyState === WebSocket.OPEN) websocket.ping();
    },
    pause: () => websocket.pause(),
    resume: () => websocket.resume(),
    end: (farewell) => closeWith(toCloseFrame(farewell)),
    destroy: () => websocket.terminate(),
  };
}

function checkSize(payload: string | Uint8Array, maxBytes: number): void {
  // A UTF-16 unit is at most three bytes of UTF-8: most texts need not be measured.
  if (typeof payload === 'string' && payload.length * 3 <= maxBytes) return;
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  if (bytes > maxBytes)
    throw new TransportError('too-large', `expected a message of at most ${maxBytes} bytes, got ${bytes}`);
}
