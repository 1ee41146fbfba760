import type { Clock } from '../runtime/clock.ts';
import type { Credential } from './credential.ts';
import { TransportError } from './transport-error.ts';

export type DialOutcome<T> =
  | { readonly type: 'opened'; readonly value: T }
  /** `error` is what the dial fails with when no other try is left. */
  | { readonly type: 'challenged'; readonly challenge: string; readonly error: TransportError };

export interface DialRequest<T> {
  /** `/v1/…`: what is dialled, and what the credential is for. */
  readonly target: string;
  readonly credential: Credential;
  readonly signal: AbortSignal;
  /**
   * One try. Rejects with `TransportError`, soon after `signal` aborts, and then nothing is left of it; or it answers an
   * opened value all the same.
   */
  readonly attempt: (presented: string, signal: AbortSignal) => Promise<DialOutcome<T>>;
}

export interface DiallerOptions {
  readonly clock: Clock;
  /** How long a dial may take, all its tries together. */
  readonly dialMs: number;
  /** Who is dialled, for messages. */
  readonly address: string;
}

/**
 * Dials one address: presents the credential, once more when challenged, all within a bound. Remembers the last challenge for
 * the next dial, which then mostly needs one round trip.
 */
export interface Dialler {
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  dial<T>(request: DialRequest<T>): Promise<T>;
}

class ChallengedDialler implements Dialler {
  readonly #options: DiallerOptions;
  #challenge: string | null = null;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  async dial<T>(request: DialRequest<T>): Promise<T> {
    const { clock, dialMs, address } = this.#options;
    const late = new AbortController();
    const timer = clock.schedule(dialMs, () => late.abort());
    try {
      return await this.#dial({ ...request, signal: AbortSignal.any([request.signal, late.signal]) });
    } catch (error) {
      if (request.signal.aborted) {
        throw new TransportError('aborted', `the dial to ${address}${request.target} was given up`, { cause: error });
      }
      if (!late.signal.aborted) throw error;
      const message = `no answer from ${address} within ${dialMs / 1000} s: check FARHAND_HUB_URL, firewalls and that the hub runs`;
      throw new TransportError('unreachable', message, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  async #dial<T>(request: DialRequest<T>): Promise<T> {
    const first = await this.#attempt(request, this.#challenge);
    if (first.type === 'opened') return first.value;
    const second = await this.#attempt(request, first.challenge);
    if (second.type === 'opened') return second.value;
    throw second.error;
  }

  async #attempt<T>(request: DialRequest<T>, challenge: string | null): Promise<DialOutcome<T>> {
    const presented = await present(request, challenge);
    const outcome = await request.attempt(presented, request.signal);
    if (outcome.type === 'challenged') this.#challenge = outcome.challenge;
    return outcome;
  }
}

async function present(request: DialRequest<unknown>, challenge: string | null): Promise<string> {
  const { target, credential, signal } = request;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new TransportError('aborted', 'given up while the credential was made'));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    const presented = await Promise.race([aborted, credential.present({ target, challenge })]);
    // It travels in a header.
    if (!/^[\x21-\x7e]+$/.test(presented)) throw new Error('expected visible ASCII characters without spaces');
    return presented;
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('unauthorized', 'the credential could not be presented', { cause: error });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

export function createDialler(options: DiallerOptions): Dialler {
  return new ChallengedDialler(options);
}
