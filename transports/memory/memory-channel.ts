import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Carrier, CarrierEvents } from '../carrier.ts';
import type { Channel, CloseReason } from '../channel.ts';
import { createChannel } from '../channel-base.ts';
import type { ChannelLimits } from '../limits.ts';
import { fromProtocolError } from '../protocol-failure.ts';
import { TransportError } from '../transport-error.ts';
import type { ConnectionEnd } from './connection.ts';
import { fromComplaint, tooLarge } from './errors.ts';
import { type Codec, type Packet, sizeOf } from './wire.ts';

export interface MemoryChannelOptions<In, Out> {
  readonly id: string;
  readonly end: ConnectionEnd;
  readonly codec: Codec<In, Out>;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
}

export function createMemoryChannel<In, Out>(options: MemoryChannelOptions<In, Out>): Channel<In, Out> {
  const { id, clock, limits, logger } = options;
  return createChannel({ id, clock, limits, logger, carry: (events) => carry(options, events) });
}

function carry<In, Out>(options: MemoryChannelOptions<In, Out>, events: CarrierEvents<In>): Carrier<Out> {
  const { end, codec, limits } = options;
  /** `open` → `closing` when our closing or complaint is on its way → `gone` when the connection is none of ours any more. */
  let state: 'open' | 'closing' | 'gone' = 'open';
  let receivedBytes = 0;
  let sentBytes = 0;

  end.connect({ deliver: receive, drained: () => events.drained() });

  function push(packet: Packet, bytes = sizeOf(packet)): void {
    sentBytes += bytes;
    end.push(packet);
  }

  function receive(packet: Packet, bytes: number): void {
    receivedBytes += bytes;
    switch (packet.type) {
      case 'message':
        if (state === 'open') take(packet, bytes);
        return;
      case 'ping':
        if (state === 'open') push({ type: 'pong' });
        return;
      case 'pong':
        return;
      case 'close':
        end.push({ type: 'closed' });
        finish({ type: 'remote', ...packet.farewell });
        return;
      case 'complaint':
        end.push({ type: 'closed' });
        finish({ type: 'failure', error: fromComplaint(packet) });
        return;
      case 'closed':
        finish({ type: 'local' });
        return;
      case 'cut':
        finish({ type: 'failure', error: new TransportError('broken', 'the connection was cut') });
        return;
    }
  }

  function take(packet: Packet & { type: 'message' }, bytes: number): void {
    let message: In;
    try {
      if (bytes > limits.maxMessageBytes) throw tooLarge(limits.maxMessageBytes, bytes);
      message = codec.decode(packet.body);
    } catch (error) {
      const failure = fromProtocolError(error);
      state = 'closing';
      end.push({ type: 'complaint', code: failure.code, message: failure.message });
      events.ending({ type: 'failure', error: failure });
      return;
    }
    events.received(message, bytes);
  }

  function finish(reason: CloseReason): void {
    if (state === 'gone') return;
    state = 'gone';
    end.leave();
    events.ended(reason);
  }

  return {
    write(message) {
      if (state !== 'open') return false;
      const packet: Packet = { type: 'message', body: codec.encode(message) };
      const bytes = sizeOf(packet);
      if (bytes > limits.maxMessageBytes) throw tooLarge(limits.maxMessageBytes, bytes);
      push(packet, bytes);
      return true;
    },
    bufferedBytes: () => end.bufferedBytes(),
    receivedBytes: () => receivedBytes,
    sentBytes: () => sentBytes,
    ping: () => push({ type: 'ping' }),
    pause: () => end.incoming.pause(),
    resume: () => end.incoming.resume(),
    end(farewell) {
      if (state !== 'open') return;
      state = 'closing';
      end.push({ type: 'close', farewell });
    },
    destroy() {
      if (state === 'gone') return;
      end.push({ type: 'cut' });
      queueMicrotask(() =>
        finish({ type: 'failure', error: new TransportError('broken', 'the connection was cut from here') }),
      );
    },
  };
}
