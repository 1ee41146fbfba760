import type { Channel } from '../channel.ts';
import type { Credential } from '../credential.ts';
import { TransportError } from '../transport-error.ts';
import { fromHttpAnswer, parseChallenge } from './errors.ts';
import { handshake } from './handshake.ts';
import type { WebsocketTransportOptions } from './options.ts';
import { createWebsocketChannel } from './websocket-channel.ts';
import type { Codec } from './wire.ts';

export interface DialRequest<In, Out> {
  /** `/v1/…`, without the path of the hub's address. */
  readonly target: string;
  readonly codec: Codec<In, Out>;
  readonly credential: Credential;
  readonly signal: AbortSignal;
  readonly idPrefix: string;
}

/** Opens websockets to one hub. Remembers the hub's last challenge, so that mostly one round trip is enough. */
export interface Dialler {
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  dial<In, Out>(request: DialRequest<In, Out>): Promise<Channel<In, Out>>;
}

class WebsocketDialler implements Dialler {
  readonly #options: WebsocketTransportOptions;
  readonly #base: string;
  #challenge: string | null = null;
  #dials = 0;

  constructor(options: WebsocketTransportOptions) {
    this.#options = options;
    this.#base = toBase(options.url);
  }

  async dial<In, Out>(request: DialRequest<In, Out>): Promise<Channel<In, Out>> {
    const { clock, limits } = this.#options;
    const late = new AbortController();
    const timer = clock.schedule(limits.dialMs, () => late.abort());
    const signal = AbortSignal.any([request.signal, late.signal]);
    try {
      return await this.#attempt({ ...request, signal }, { challenge: this.#challenge, last: false });
    } catch (error) {
      if (!late.signal.aborted || request.signal.aborted) throw error;
      const message = `no answer from ${this.#base} within ${limits.dialMs / 1000} s; check FARHAND_HUB_URL, firewalls and that the hub runs`;
      throw new TransportError('unreachable', message, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  async #attempt<In, Out>(
    request: DialRequest<In, Out>,
    turn: { readonly challenge: string | null; readonly last: boolean },
  ): Promise<Channel<In, Out>> {
    const { limits, agent, clock } = this.#options;
    const url = `${this.#base}${request.target}`;
    const presented = await this.#present(request, turn.challenge);
    const outcome = await handshake({
      url,
      subprotocol: request.codec.subprotocol,
      authorization: `Farhand ${presented}`,
      maxMessageBytes: limits.maxMessageBytes,
      agent,
      signal: request.signal,
      onOpen: (websocket, socket) => {
        this.#dials += 1;
        const id = `${request.idPrefix}-out-${this.#dials}-${socket.localPort ?? 0}`;
        return createWebsocketChannel({ ...this.#options, id, websocket, socket, codec: request.codec });
      },
    });
    if (outcome.type === 'opened') return outcome.value;
    const challenge = parseChallenge(outcome.answer);
    if (challenge !== null) this.#challenge = challenge;
    if (challenge === null || turn.last) throw fromHttpAnswer(outcome.answer, { url, nowMs: clock.now() });
    return await this.#attempt(request, { challenge, last: true });
  }

  async #present(
    request: { readonly target: string; readonly credential: Credential; readonly signal: AbortSignal },
    challenge: string | null,
  ): Promise<string> {
    const { target, credential, signal } = request;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(new TransportError('aborted', `the dial to ${this.#base}${target} was given up`));
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      const presented = await Promise.race([aborted, credential.present({ target, challenge })]);
      // Anything else cannot stand in a header.
      if (!/^[\x21-\x7e]+$/.test(presented)) throw new Error('expected visible ASCII characters without spaces');
      return presented;
    } catch (error) {
      if (error instanceof TransportError) throw error;
      throw new TransportError('unauthorized', 'the credential could not be presented', { cause: error });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/** Throws `TypeError` for anything but an absolute ws, wss, http or https URL. */
function toBase(url: string): string {
  const parsed = new URL(url);
  const scheme = { 'ws:': 'ws:', 'http:': 'ws:', 'wss:': 'wss:', 'https:': 'wss:' }[parsed.protocol];
  if (scheme === undefined)
    throw new TypeError(
      `expected a ws, wss, http or https address of the hub, got ${parsed.protocol}//: check FARHAND_HUB_URL`,
    );
  return `${scheme}//${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`;
}

export function createDialler(options: WebsocketTransportOptions): Dialler {
  return new WebsocketDialler(options);
}
