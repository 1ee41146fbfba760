/** So many messages are kept to be filled again. */
const maxFree = 4;
/** What is shorter is no burden. */
const leastBytes = 16 * 1024;

/**
 * Memory for messages that are sent in numbers. Every large buffer counts as memory of V8's heap until it is collected, and a few dozen of
 * them make it collect everything: a third of the time of an agent that sends a log.
 */
export class MessageMemory {
  readonly #bytes: number;
  readonly #free: ArrayBuffer[] = [];

  /** `bytes`: of the longest message. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Holds anything. */
  take(bytes: number): Buffer {
    if (bytes < leastBytes) return Buffer.allocUnsafe(bytes);
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(this.#bytes), 0, bytes);
  }

  /** What was taken and is needed by nobody any more. Anything else is passed over. */
  giveBack(message: Uint8Array): void {
    const { buffer } = message;
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== this.#bytes) return;
    if (this.#free.length < maxFree && !this.#free.includes(buffer)) this.#free.push(buffer);
  }
}
