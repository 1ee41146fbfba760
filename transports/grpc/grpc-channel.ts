import type { Socket } from 'node:net';
import type { StatusObject } from '@grpc/grpc-js';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Carrier, CarrierEvents } from '../carrier.ts';
import type { Channel, CloseReason } from '../channel.ts';
import { createChannel } from '../channel-base.ts';
import type { ChannelLimits } from '../limits.ts';
import { fromProtocolError } from '../protocol-failure.ts';
import { broken, fromCallStatus, fromComplaint, tooLarge } from './errors.ts';
import type { Packet } from './packet.ts';
import { readOneByOne } from './read-one-by-one.ts';
import type { Codec } from './wire.ts';

/** What both ends of a call in grpc-js have in common. */
export interface CallStream {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end' | 'cancelled', listener: () => void): unknown;
  on(event: 'status', listener: (status: StatusObject) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
  write(bytes: Buffer, callback: () => void): boolean;
  /** The agent's end has said all it has to; the hub's end ends the call with OK. */
  end(): unknown;
  _read(size: number): void;
}

export interface GrpcChannelOptions<In, Out> {
  readonly id: string;
  /** Accepted, and nothing was read from it yet. */
  readonly stream: CallStream;
  /** The connection under it, which is the call's own. */
  readonly socket: Socket;
  /** The call is over: lets go of the connection. Whoever has nothing to do for it waits for the other side. */
  readonly hangUp: () => void;
  readonly codec: Codec<In, Out>;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
}

/** Must be called in the same tick in which the call was accepted, or its first messages are missed. */
export function createGrpcChannel<In, Out>(options: GrpcChannelOptions<In, Out>): Channel<In, Out> {
  const { id, clock, limits, logger } = options;
  return createChannel({ id, clock, limits, logger, carry: (events) => carry(options, events) });
}

function carry<In, Out>(options: GrpcChannelOptions<In, Out>, events: CarrierEvents<In>): Carrier<Out> {
  const { stream, socket, codec, limits } = options;
  /** Why it ended, from the first sign of it: from then on nothing is sent or taken. */
  let reason: CloseReason | null = null;
  let ending = false;
  let bufferedBytes = 0;
  let sentBytes = 0;

  const reading = readOneByOne(stream, receive);
  // What an error says is said by what comes behind it too, and more exactly.
  stream.on('error', () => {});
  stream.on('status', (status) => over(fromCallStatus(status)));
  stream.on('end', () => over({ type: 'remote', reason: '', retryAfterMs: null }));
  stream.on('cancelled', () => over(broken('the call was cut off')));
  socket.on('close', () => {
    events.ended(reason ?? broken('the connection ended in the middle of the call'));
  });

  function receive(bytes: Buffer): void {
    if (reason !== null) return;
    let packet: Packet<In>;
    try {
      if (bytes.length > limits.maxMessageBytes) throw tooLarge(limits.maxMessageBytes, bytes.length);
      packet = codec.decode(bytes);
    } catch (error) {
      const failure = fromProtocolError(error);
      const code = failure.code === 'too-large' ? failure.code : 'invalid-message';
      say({ type: 'complaint', code, reason: failure.message });
      over({ type: 'failure', error: failure });
      return;
    }
    take(packet, bytes.length);
  }

  function take(packet: Packet<In>, bytes: number): void {
    switch (packet.type) {
      case 'message':
        if (!ending) events.received(packet.message, bytes);
        return;
      case 'ping':
        // One who sends pings and reads nothing gets no answer.
        if (bufferedBytes <= limits.sendHighBytes) say({ type: 'pong' });
        return;
      case 'pong':
        return;
      case 'farewell':
        over({ type: 'remote', ...packet.farewell });
        return;
      case 'complaint':
        over(fromComplaint(packet));
        return;
    }
  }

  function say(packet: Packet<Out>): void {
    if (!ending && reason === null) write(codec.encode(packet));
  }

  function write(bytes: Buffer): void {
    bufferedBytes += bytes.length;
    sentBytes += bytes.length;
    stream.write(bytes, () => {
      bufferedBytes -= bytes.length;
      events.drained();
    });
  }

  /** Says no more. */
  function over(why: CloseReason): void {
    if (reason !== null) return;
    reason = why;
    stream.end();
    options.hangUp();
    events.ending(why);
  }

  return {
    write(message) {
      if (ending || reason !== null) return false;
      const bytes = codec.encode({ type: 'message', message });
      if (bytes.length > limits.maxMessageBytes) throw tooLarge(limits.maxMessageBytes, bytes.length);
      write(bytes);
      return true;
    },
    bufferedBytes: () => bufferedBytes,
    receivedBytes: () => socket.bytesRead,
    sentBytes: () => sentBytes,
    ping: () => say({ type: 'ping' }),
    pause: () => reading.pause(),
    resume: () => reading.resume(),
    end(farewell) {
      say({ type: 'farewell', farewell });
      ending = true;
      stream.end();
    },
    destroy: () => socket.destroy(),
  };
}
