import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Timer } from '../../runtime/clock.ts';
import { type AcceptQueue, createAcceptQueue } from '../accept-queue.ts';
import { admit } from '../admit.ts';
import { readClientCertificate } from '../client-certificate.ts';
import type { Accepted, Listener } from '../listener.ts';
import { controlTarget, sessionTarget, type Target } from '../targets.ts';
import { attemptKey, readHeader, readPresented, readSessionTarget, toAcceptance } from './call-metadata.ts';
import { createGrpcChannel } from './grpc-channel.ts';
import { serveHealth } from './health.ts';
import { type GrpcListenerOptions, toHardLimit } from './options.ts';
import { type Refusal, refuse, toRefusal, unavailable } from './refusal.ts';
import { widenWindow } from './widen-window.ts';
import { type Codec, controlCodec, hubSessionCodec } from './wire.ts';

/** Takes calls on connections that somebody else accepts. Disposing it leaves the connections of accepted calls alone and cuts the rest. */
export interface GrpcListener<Principal> extends Listener<Principal> {
  /** Takes a connection from its first byte, which may have been read and put back. */
  take(socket: Socket): void;
}

type Call = ServerDuplexStream<Buffer, Buffer>;

/**
 * - `idle`: no call that counts. Cut when it stays so for long, or after too many calls that were refused
 * - `asking`: a call whose credential is being checked
 * - `taken`: by the one call that it carries
 */
interface Connection {
  readonly socket: Socket;
  /** Cuts it when no call was accepted in time. */
  readonly patience: Timer;
  state: 'idle' | 'asking' | 'taken';
  refusals: number;
}

const closedDetail = 'the hub takes no connections now: try again';
const refusedDetail = 'too many calls were refused on this connection: open another one';
const retryAfterMs = 1_000;
const maxRefusals = 4;
/** A call, and health checks beside it. */
const maxStreams = 8;

const asIs = (bytes: Buffer) => bytes;

class CallListener<Principal> implements GrpcListener<Principal> {
  readonly name = 'grpc';
  readonly #options: GrpcListenerOptions<Principal>;
  readonly #queue: AcceptQueue<Principal> = createAcceptQueue();
  /** By what grpc-js calls the other side of a call: the address and port it came from. */
  readonly #connections = new Map<string, Connection>();
  readonly #pending = new Set<Call>();
  readonly #server: Server;
  readonly #inject: (socket: Socket) => void;
  #isDisposed = false;
  #accepted = 0;

  constructor(options: GrpcListenerOptions<Principal>) {
    this.#options = options;
    this.#server = new Server({
      'grpc.enable_channelz': 0,
      'grpc.max_concurrent_streams': maxStreams,
      'grpc.max_receive_message_length': toHardLimit(options.limits),
      'grpc.max_send_message_length': -1,
    });
    this.#server.addService(
      { control: describe(controlCodec), session: describe(hubSessionCodec) },
      {
        control: (call: Call) => void this.#take(call, { type: 'control' }),
        session: (call: Call) => void this.#take(call, readSessionTarget(call.metadata)),
      },
    );
    serveHealth(this.#server, () => this.#queue.takes);
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#inject = (socket) => injector.injectConnection(socket);
  }

  take(socket: Socket): void {
    socket.on('error', (error) => this.#options.logger.debug({ err: error }, 'connection failed'));
    const name = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
    if (this.#isDisposed || socket.destroyed || this.#connections.has(name)) {
      socket.destroy();
      return;
    }
    const { clock, limits } = this.#options;
    const patience = clock.schedule(2 * limits.dialMs, () => socket.destroy(), { background: true });
    this.#connections.set(name, { socket, patience, state: 'idle', refusals: 0 });
    socket.on('close', () => {
      patience.cancel();
      this.#connections.delete(name);
    });
    // A server of HTTP/1 leaves it half open, and HTTP/2 knows no half: who ends has gone, and is not waited for.
    socket.allowHalfOpen = false;
    socket.setNoDelay();
    this.#inject(socket);
  }

  [Symbol.asyncIterator](): AsyncIterator<Accepted<Principal>> {
    return this.#queue[Symbol.asyncIterator]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const call of this.#pending) refuse(call, unavailable(closedDetail, retryAfterMs));
    this.#pending.clear();
    for (const { socket, state } of this.#connections.values()) if (state === 'idle') socket.destroy();
    await this.#queue[Symbol.asyncDispose]();
  }

  /** Never throws: nobody waits for it. */
  async #take(call: Call, target: Target | null): Promise<void> {
    call.on('error', () => {});
    const connection = this.#connections.get(call.getPeer());
    if (connection === undefined) return refuse(call, unavailable(closedDetail, retryAfterMs));
    const unwanted = this.#whyUnwanted(connection, target);
    if (unwanted !== null || target === null) return refuse(call, unwanted ?? noSession);
    const { clock, limits, logger, authenticate, remoteOf } = this.#options;
    const peer = connection.socket.remoteAddress ?? '';
    const remote = remoteOf?.(peer, (name) => readHeader(call.metadata, name)) ?? peer;
    const wanted = target.type === 'control' ? controlTarget : sessionTarget(target.attempt);
    connection.state = 'asking';
    this.#pending.add(call);
    const admission = await admit(
      { authenticate, clock, logger, timeoutMs: limits.dialMs },
      {
        presented: readPresented(call.metadata),
        target: wanted,
        remote,
        certificate: readClientCertificate(connection.socket),
      },
    );
    connection.state = 'idle';
    // Refused by disposing, or gone.
    if (!this.#pending.delete(call) || call.cancelled || connection.socket.destroyed) return;
    if (admission.type !== 'admitted') return this.#refuse(call, connection, toRefusal(admission));
    if (!this.#queue.takes) return refuse(call, unavailable(closedDetail, retryAfterMs));
    this.#accept(call, connection, { remote, target, principal: admission.principal });
  }

  #whyUnwanted(connection: Connection, target: Target | null): Refusal | null {
    if (!this.#queue.takes) return unavailable(closedDetail, retryAfterMs);
    if (connection.refusals >= maxRefusals) return unavailable(refusedDetail, retryAfterMs);
    if (connection.state !== 'idle') {
      const details = 'expected one call of farhand.v1.Agents on a connection: open another one';
      return { code: status.FAILED_PRECONDITION, details };
    }
    return target === null ? noSession : null;
  }

  #refuse(call: Call, connection: Connection, refusal: Refusal): void {
    refuse(call, refusal);
    connection.refusals += 1;
    if (connection.refusals === maxRefusals) connection.socket.destroySoon();
  }

  #accept(
    call: Call,
    connection: Connection,
    accepted: { readonly remote: string; readonly target: Target; readonly principal: Principal },
  ): void {
    const { socket } = connection;
    connection.state = 'taken';
    connection.patience.cancel();
    this.#options.know?.(socket);
    widenWindow(call);
    call.sendMetadata(toAcceptance());
    // nginx keeps headers until something follows them, and who dials a session waits for them before it says anything.
    call.write((accepted.target.type === 'control' ? controlCodec : hubSessionCodec).encode({ type: 'pong' }));
    this.#accepted += 1;
    const { target, ...rest } = accepted;
    const id = `${target.type}-in-${this.#accepted}-${socket.remotePort ?? 0}`;
    const common = { ...this.#options, id, stream: call, socket, hangUp: () => {} };
    if (target.type === 'control') {
      this.#queue.push({ ...rest, type: 'control', channel: createGrpcChannel({ ...common, codec: controlCodec }) });
    } else {
      const channel = createGrpcChannel({ ...common, codec: hubSessionCodec });
      this.#queue.push({ ...rest, type: 'session', attempt: target.attempt, channel });
    }
  }
}

const noSession: Refusal = {
  code: status.INVALID_ARGUMENT,
  details: `expected the id of an attempt in the metadata ${attemptKey}`,
};

/** Messages come and go as bytes: the channel codes them, and says what is wrong with them. */
function describe({ path }: Pick<Codec<never, never>, 'path'>) {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

export function createGrpcListener<Principal>(options: GrpcListenerOptions<Principal>): GrpcListener<Principal> {
  return new CallListener(options);
}
