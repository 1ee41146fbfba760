import { createSecureContext } from 'node:tls';
import { ChannelCredentials, Metadata } from '@grpc/grpc-js';
import type { Channel } from '../channel.ts';
import type { Credential } from '../credential.ts';
import { createDialler, type Dialler } from '../dialler.ts';
import { attemptKey } from './call-target.ts';
import { readChallenge } from './errors.ts';
import { createGrpcChannel } from './grpc-channel.ts';
import { handshake } from './handshake.ts';
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

interface Address {
  readonly url: string;
  /** `host:port`. */
  readonly address: string;
  readonly isSecure: boolean;
}

class CallDialler implements GrpcDialler {
  readonly #options: GrpcTransportOptions;
  readonly #address: Address;
  readonly #credentials: ChannelCredentials;
  readonly #dialler: Dialler;
  #opened = 0;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
    this.#address = toAddress(options.url);
    this.#credentials = options.credentials ?? usualCredentials(this.#address.isSecure);
    const { clock, limits } = options;
    this.#dialler = createDialler({ clock, dialMs: limits.dialMs, address: this.#address.url });
  }

  open<In, Out>(dial: GrpcDial<In, Out>): Promise<Channel<In, Out>> {
    const { target, kind, codec, credential, signal } = dial;
    const { address, url } = this.#address;
    return this.#dialler.dial({
      target,
      credential,
      signal,
      attempt: async (presented, attemptSignal) => {
        const outcome = await handshake({
          address,
          url,
          credentials: this.#credentials,
          path: codec.path,
          metadata: toMetadata(presented, dial.attempt),
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

function toMetadata(presented: string, attempt: string | null): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Farhand ${presented}`);
  if (attempt !== null) metadata.set(attemptKey, attempt);
  return metadata;
}

/** Throws `TypeError` for anything but an absolute grpc or grpcs URL without a path. */
function toAddress(url: string): Address {
  const { protocol, host, hostname, port, pathname } = new URL(url);
  if (protocol !== 'grpc:' && protocol !== 'grpcs:') {
    throw new TypeError(`expected a grpc or grpcs address, got ${protocol}//…: check FARHAND_HUB_URL`);
  }
  if (pathname !== '' && pathname !== '/') {
    throw new TypeError(
      `expected an address without a path, which gRPC has none of, got ${pathname}: check FARHAND_HUB_URL`,
    );
  }
  const isSecure = protocol === 'grpcs:';
  return {
    url: `${protocol}//${host}`,
    address: `${hostname}:${port === '' ? (isSecure ? 443 : 80) : port}`,
    isSecure,
  };
}

/** With what Node trusts, `NODE_EXTRA_CA_CERTS` included; grpc-js alone would look at variables of its own. */
function usualCredentials(isSecure: boolean): ChannelCredentials {
  return isSecure
    ? ChannelCredentials.createFromSecureContext(createSecureContext({ minVersion: 'TLSv1.2' }))
    : ChannelCredentials.createInsecure();
}

export function createGrpcDialler(options: GrpcTransportOptions): GrpcDialler {
  return new CallDialler(options);
}
