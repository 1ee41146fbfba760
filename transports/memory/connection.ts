import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { MemoryFaults } from './faults.ts';
import { createPipe, type Pipe } from './pipe.ts';
import type { Body, Packet } from './wire.ts';

/** `up` is from the one who dialled. */
export type Direction = 'up' | 'down';

/** One connection, in the hands of a test. */
export interface MemoryConnection {
  readonly id: string;
  readonly address: string;
  /** `/v1/control` or `/v1/sessions/<attempt>`. */
  readonly target: string;
  /** Breaks it now, for both ends; what is on its way is lost. */
  cut(): void;
  /** Breaks it in the message behind so many messages or bytes more of this direction. */
  cutAfter(direction: Direction, limit: { readonly messages?: number; readonly bytes?: number }): void;
  /** All that is sent this way from now on vanishes, and nobody is told. */
  silence(direction: Direction): void;
  /** Nothing arrives this way until `release`. */
  hold(direction: Direction): void;
  release(direction: Direction): void;
  /** Puts a message on the wire that its sender never sent. */
  inject(direction: Direction, message: string | Uint8Array): void;
  /** Bytes sent this way that did not arrive yet. */
  inFlightBytes(direction: Direction): number;
}

/** One end's side of a connection. */
export interface ConnectionEnd {
  readonly incoming: Pipe;
  /** Puts a packet on the wire, as kindly as the network is. */
  push(packet: Packet): void;
  bufferedBytes(): number;
  connect(receivers: EndReceivers): void;
  /** Nobody is here any more. */
  leave(): void;
}

export interface EndReceivers {
  readonly deliver: (packet: Packet, bytes: number) => void;
  readonly drained: () => void;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly address: string;
  readonly target: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: MemoryFaults;
  /** Both ends left. */
  readonly onGone: () => void;
}

export interface ConnectionPair {
  readonly connection: MemoryConnection;
  readonly dialler: ConnectionEnd;
  readonly listener: ConnectionEnd;
}

export function createConnection(options: ConnectionOptions): ConnectionPair {
  const { id, address, target, clock, random, faults } = options;
  const delayMs = () => faults.latencyMs + (faults.jitterMs > 0 ? random.fraction() * faults.jitterMs : 0);
  const pipes = { up: createPipe({ clock, delayMs }), down: createPipe({ clock, delayMs }) };
  const receivers: { up: EndReceivers | null; down: EndReceivers | null } = { up: null, down: null };
  const happens = (chance: number) => chance > 0 && random.fraction() < chance;

  for (const direction of ['up', 'down'] as const) {
    pipes[direction].connect({
      deliver(packet, bytes) {
        const receiver = receivers[direction];
        if (packet.type === 'cut') breakLine();
        else if (receiver !== null) receiver.deliver(packet, bytes);
        // As a closed port answers with a reset.
        else pipes[opposite(direction)].push({ type: 'cut' });
      },
      drained: () => receivers[opposite(direction)]?.drained(),
    });
  }

  function breakLine(): void {
    for (const direction of ['up', 'down'] as const) {
      pipes[direction].clear();
      pipes[direction].silence();
      receivers[direction]?.deliver({ type: 'cut' }, 0);
    }
  }

  /** Only what is precious to nobody gets lost: events on a control channel. */
  function pushFaultily(direction: Direction, packet: Packet): void {
    const pipe = pipes[direction];
    if (packet.type !== 'message' || target !== '/v1/control') {
      pipe.push(packet);
      return;
    }
    if (happens(faults.drop)) return;
    if (happens(faults.late)) {
      clock.schedule(faults.lateMs, () => pipe.push(packet));
      return;
    }
    pipe.push(packet);
    if (happens(faults.double)) pipe.push(packet);
  }

  function createEnd(outgoing: Direction): ConnectionEnd {
    const incoming = opposite(outgoing);
    return {
      incoming: pipes[incoming],
      push: (packet) => pushFaultily(outgoing, packet),
      bufferedBytes: () => pipes[outgoing].bufferedBytes,
      connect(given) {
        receivers[incoming] = given;
      },
      leave() {
        receivers[incoming] = null;
        pipes[incoming].resume();
        if (receivers[outgoing] !== null) return;
        pipes.up.clear();
        pipes.down.clear();
        options.onGone();
      },
    };
  }

  return {
    dialler: createEnd('up'),
    listener: createEnd('down'),
    connection: {
      id,
      address,
      target,
      cut: breakLine,
      cutAfter: (direction, limit) => pipes[direction].cutAfter(limit),
      silence: (direction) => pipes[direction].silence(),
      hold: (direction) => pipes[direction].hold(),
      release: (direction) => pipes[direction].release(),
      inject: (direction, message) => pipes[direction].push({ type: 'message', body: toBody(message) }),
      inFlightBytes: (direction) => pipes[direction].bufferedBytes,
    },
  };
}

function toBody(message: string | Uint8Array): Body {
  return typeof message === 'string'
    ? { type: 'text', text: message }
    : { type: 'log', offset: 0, at: 0, bytes: message };
}

function opposite(direction: Direction): Direction {
  return direction === 'up' ? 'down' : 'up';
}
