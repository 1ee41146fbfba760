import type { TransportError } from './transport-error.ts';

const passed = Promise.resolve();

/**
 * Makes `send` wait while too much waits for the wire: shut above `highBytes`, open again at `lowBytes`. All who wait share
 * one promise, and nobody waits (or costs a promise) while it is open.
 */
export interface SendGate {
  /** Resolves at once when the gate is open. */
  pass(bufferedBytes: number): Promise<void>;
  drained(bufferedBytes: number): void;
  /** Rejects those who wait, with what `toError` makes: mostly nobody does. */
  fail(toError: () => TransportError): void;
}

export function createSendGate(options: { readonly highBytes: number; readonly lowBytes: number }): SendGate {
  let shut: PromiseWithResolvers<void> | null = null;
  return {
    pass(bufferedBytes) {
      if (shut === null) {
        if (bufferedBytes <= options.highBytes) return passed;
        shut = Promise.withResolvers<void>();
      }
      return shut.promise;
    },
    drained(bufferedBytes) {
      if (shut === null || bufferedBytes > options.lowBytes) return;
      shut.resolve();
      shut = null;
    },
    fail(toError) {
      shut?.reject(toError());
      shut = null;
    },
  };
}
