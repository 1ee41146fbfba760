import type { Clock, Timer } from '../../runtime/clock.ts';
import { type Packet, sizeOf } from './wire.ts';

export interface PipeOptions {
  readonly clock: Clock;
  /** How long the next packet takes. */
  readonly delayMs: () => number;
}

/** Both ends of one direction. `deliver` may push to other pipes. */
export interface PipeEnds {
  readonly deliver: (packet: Packet, bytes: number) => void;
  /** Some of what was pushed was taken. */
  readonly drained: () => void;
}

interface Flight {
  readonly packet: Packet;
  readonly bytes: number;
  readonly dueMs: number;
}

/**
 * One direction of a connection: packets in order, each after its delay. What was pushed and not yet delivered is the pipe's
 * buffer; a paused reader makes it grow, and the writer sees it.
 */
export class Pipe {
  readonly #options: PipeOptions;
  readonly #flights: Flight[] = [];
  #ends: PipeEnds | null = null;
  #bufferedBytes = 0;
  #pushedBytes = 0;
  #pushedMessages = 0;
  readonly #cutAt = { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  #lastDueMs = 0;
  #timer: Timer | null = null;
  #running = false;
  #paused = false;
  #held = false;
  #silenced = false;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  connect(ends: PipeEnds): void {
    this.#ends = ends;
  }

  push(packet: Packet): void {
    if (this.#silenced) return;
    const bytes = sizeOf(packet);
    this.#pushedBytes += bytes;
    if (packet.type === 'message') this.#pushedMessages += 1;
    const broken = this.#pushedBytes > this.#cutAt.bytes || this.#pushedMessages > this.#cutAt.messages;
    this.#append(broken ? { type: 'cut' } : packet, bytes);
    // Nothing comes through a broken line.
    if (broken) this.#silenced = true;
  }

  /** Breaks the connection in the message behind so many messages or bytes more. */
  cutAfter(limit: { readonly messages?: number; readonly bytes?: number }): void {
    if (limit.messages !== undefined) this.#cutAt.messages = this.#pushedMessages + limit.messages;
    if (limit.bytes !== undefined) this.#cutAt.bytes = this.#pushedBytes + limit.bytes;
  }

  /** From now on all that is pushed vanishes, and nobody is told. */
  silence(): void {
    this.#silenced = true;
  }

  /** The network keeps all packets to itself until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#wake();
  }

  /** The reader takes nothing until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  /** Forgets what is on its way. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#flights.length = 0;
    this.#bufferedBytes = 0;
  }

  #append(packet: Packet, bytes: number): void {
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#options.clock.monotonic() + this.#options.delayMs());
    this.#flights.push({ packet, bytes, dueMs: this.#lastDueMs });
    this.#bufferedBytes += bytes;
    this.#wake();
  }

  /** Never delivers at once: a writer does not find itself in its reader's code. */
  #wake(): void {
    const next = this.#flights[0];
    if (next === undefined || this.#timer !== null || this.#running) return;
    const waitMs = next.dueMs - this.#options.clock.monotonic();
    if (waitMs > 0) {
      this.#timer = this.#options.clock.schedule(waitMs, () => {
        this.#timer = null;
        this.#run();
      });
      return;
    }
    this.#running = true;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    this.#running = true;
    let next = this.#flights[0];
    while (next !== undefined && !this.#paused && !this.#held && next.dueMs <= this.#options.clock.monotonic()) {
      this.#flights.shift();
      this.#bufferedBytes -= next.bytes;
      this.#ends?.deliver(next.packet, next.bytes);
      this.#ends?.drained();
      next = this.#flights[0];
    }
    this.#running = false;
    if (!this.#paused && !this.#held) this.#wake();
  }
}

export function createPipe(options: PipeOptions): Pipe {
  return new Pipe(options);
}
