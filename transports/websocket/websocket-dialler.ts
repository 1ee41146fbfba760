import { isLoopback } from '../../runtime/configuration/loopback.ts';
import { type Destination, toDestination } from '../../runtime/network/destination.ts';
import { createDirectOutlet, type Outlet } from '../../runtime/network/outlet.ts';
import type { Channel } from '../channel.ts';
import type { Credential } from '../credential.ts';
import { createDialler, type Dialler } from '../dialler.ts';
import { fromHttpAnswer, parseChallenge } from './errors.ts';
import { handshake } from './handshake.ts';
import type { WebsocketTransportOptions } from './options.ts';
import { createWebsocketChannel } from './websocket-channel.ts';
import type { Codec } from './wire.ts';

export interface WebsocketDial<In, Out> {
  /** `/v1/…`, without the path of the hub's address. */
  readonly target: string;
  readonly kind: 'control' | 'session';
  readonly codec: Codec<In, Out>;
  readonly credential: Credential;
  readonly signal: AbortSignal;
}

/** Opens websockets to one hub. */
export interface WebsocketDialler {
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  open<In, Out>(dial: WebsocketDial<In, Out>): Promise<Channel<In, Out>>;
}

class HandshakingDialler implements WebsocketDialler {
  readonly #options: WebsocketTransportOptions;
  readonly #base: string;
  readonly #destination: Destination;
  readonly #outlet: Outlet;
  readonly #dialler: Dialler;
  #opened = 0;

  constructor(options: WebsocketTransportOptions) {
    this.#options = options;
    this.#base = toBase(options.url);
    this.#destination = toDestination(new URL(this.#base), ['http/1.1']);
    this.#outlet = options.outlet ?? createDirectOutlet(options);
    this.#dialler = createDialler({ clock: options.clock, dialMs: options.limits.dialMs, address: this.#base });
  }

  open<In, Out>(dial: WebsocketDial<In, Out>): Promise<Channel<In, Out>> {
    const { target, kind, codec, credential, signal } = dial;
    const { limits, clock } = this.#options;
    const url = `${this.#base}${target}`;
    return this.#dialler.dial({
      target,
      credential,
      signal,
      attempt: async (presented, attemptSignal) => {
        const outcome = await handshake({
          url,
          subprotocol: codec.subprotocol,
          authorization: `Farhand ${presented}`,
          maxMessageBytes: limits.maxMessageBytes,
          outlet: this.#outlet,
          destination: this.#destination,
          plainFrames: this.#needsNoMask(),
          signal: attemptSignal,
          onOpen: (websocket, socket) => {
            this.#opened += 1;
            const id = `${kind}-out-${this.#opened}-${socket.localPort ?? 0}`;
            return createWebsocketChannel({ ...this.#options, id, websocket, socket, codec });
          },
        });
        if (outcome.type === 'opened') return outcome;
        const error = fromHttpAnswer(outcome.answer, { url, nowMs: clock.now() });
        const challenge = parseChallenge(outcome.answer);
        if (challenge === null) throw error;
        return { type: 'challenged', challenge, error };
      },
    });
  }

  /**
   * Masks keep what somebody else chose, such as the output of a job, from passing for HTTP in the eyes of a proxy that knows no
   * websockets (RFC 6455 §10.3). No proxy sees into TLS, and none is on the direct way to this machine.
   */
  #needsNoMask(): boolean {
    const { protocols, host } = this.#destination;
    return protocols !== null || (isLoopback(host) && this.#outlet.routeTo(this.#destination).type === 'direct');
  }
}

/** Throws `TypeError` for anything but an absolute ws, wss, http or https URL. */
function toBase(url: string): string {
  const parsed = new URL(url);
  const scheme = { 'ws:': 'ws:', 'http:': 'ws:', 'wss:': 'wss:', 'https:': 'wss:' }[parsed.protocol];
  if (scheme === undefined) {
    throw new TypeError(`expected a ws, wss, http or https address, got ${parsed.protocol}//…: check FARHAND_HUB_URL`);
  }
  return `${scheme}//${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`;
}

export function createWebsocketDialler(options: WebsocketTransportOptions): WebsocketDialler {
  return new HandshakingDialler(options);
}
