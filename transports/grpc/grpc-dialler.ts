import { toDestination } from '../../runtime/network/destination.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import type { Channel } from '../channel.ts';
import type { Credential } from '../credential.ts';
import { createDialler, type Dialler } from '../dialler.ts';
import { toCallMetadata } from './call-metadata.ts';
import { readChallenge } from './errors.ts';
import { createGrpcChannel } from './grpc-channel.ts';
import { type Address, handshake } from './handshake.ts';
import type { GrpcTransportOptions } from './options.ts';
import type { Codec } from './wire.ts';

export interface GrpcDial<In, Out> {
  /** What the credential is for: the same words as on every wire. */
  readonly target: string;
  readonly kind: 'control' | 'session';
  /** Of the session. */
  readonly attempt: string | null;
  readonly codec: Codec<In, Out>;
  readonly credential: Credential;
  readonly signal: AbortSignal;
}

/** Opens calls to one hub, each on a connection of its own. */
export interface GrpcDialler {
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  open<In, Out>(dial: GrpcDial<In, Out>): Promise<Channel<In, Out>>;
}

class CallDialler implements GrpcDialler {
  readonly #options: GrpcTransportOptions;
  readonly #address: Address;
  readonly #dialler: Dialler;
  #opened = 0;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
    this.#address = toAddress(options);
    const { clock, limits } = options;
    this.#dialler = createDialler({ clock, dialMs: limits.dialMs, address: this.#address.url });
  }

  open<In, Out>(dial: GrpcDial<In, Out>): Promise<Channel<In, Out>> {
    const { target, kind, codec, credential, signal } = dial;
    return this.#dialler.dial({
      target,
      credential,
      signal,
      attempt: async (presented, attemptSignal) => {
        const outcome = await handshake({
          address: this.#address,
          path: codec.path,
          metadata: toCallMetadata(presented, dial.attempt),
          limits: this.#options.limits,
          signal: attemptSignal,
          onOpen: (call) => {
            this.#opened += 1;
            const id = `${kind}-out-${this.#opened}-${call.socket.localPort ?? 0}`;
            return createGrpcChannel({ ...this.#options, ...call, id, codec });
          },
        });
        if (outcome.type === 'opened') return outcome;
        const challenge = readChallenge(outcome.status);
        if (challenge === null) throw outcome.error;
        return { type: 'challenged', challenge, error: outcome.error };
      },
    });
  }
}

/** Throws `TypeError` for anything but an absolute grpc or grpcs URL without a path. */
function toAddress({ url, outlet, logger }: GrpcTransportOptions): Address {
  const parsed = new URL(url);
  const { protocol, host, pathname } = parsed;
  if (protocol !== 'grpc:' && protocol !== 'grpcs:') {
    throw new TypeError(`expected a grpc or grpcs address, got ${protocol}//…: check FARHAND_HUB_URL`);
  }
  if (pathname !== '' && pathname !== '/') {
    throw new TypeError(
      `expected an address without a path, which gRPC has none of, got ${pathname}: check FARHAND_HUB_URL`,
    );
  }
  return {
    url: `${protocol}//${host}`,
    destination: toDestination(parsed, ['h2']),
    outlet: outlet ?? createDirectOutlet({ logger }),
  };
}

export function createGrpcDialler(options: GrpcTransportOptions): GrpcDialler {
  return new CallDialler(options);
}
