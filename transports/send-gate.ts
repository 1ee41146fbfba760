import type { ChannelLimits } from './limits.ts';
import type { TransportError } from './transport-error.ts';

const passed = Promise.resolve();

/**
 * Makes `send` wait while too much waits for the wire: shut above `sendHighBytes`, open again at `sendLowBytes`. All who wait share
 * one promise, and nobody waits (or costs a promise) while it is open.
 */
export interface SendGate {
  /** Resolves at once when the gate is open. */
  pass(bufferedBytes: number): Promise<void>;
  drained(bufferedBytes: number): void;
  /** Rejects those who wait, with what `toError` makes: mostly nobody does. */
  fail(toError: () => TransportError): void;
}

export type SendGateLimits = Pick<ChannelLimits, 'sendHighBytes' | 'sendLowBytes'>;

class SharedGate implements SendGate {
  readonly #limits: SendGateLimits;
  #shut: PromiseWithResolvers<void> | null = null;

  constructor(limits: SendGateLimits) {
    this.#limits = limits;
  }

  pass(bufferedBytes: number): Promise<void> {
    if (this.#shut === null) {
      if (bufferedBytes <= this.#limits.sendHighBytes) return passed;
      this.#shut = Promise.withResolvers<void>();
    }
    return this.#shut.promise;
  }

  drained(bufferedBytes: number): void {
    if (this.#shut === null || bufferedBytes > this.#limits.sendLowBytes) return;
    this.#shut.resolve();
    this.#shut = null;
  }

  fail(toError: () => TransportError): void {
    this.#shut?.reject(toError());
    this.#shut = null;
  }
}

export function createSendGate(limits: SendGateLimits): SendGate {
  return new SharedGate(limits);
}
