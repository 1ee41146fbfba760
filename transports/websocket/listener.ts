import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type AcceptQueue, createAcceptQueue } from '../accept-queue.ts';
import { admit } from '../admit.ts';
import { readClientCertificate } from '../client-certificate.ts';
import type { Admission } from '../credential.ts';
import type { Accepted, Listener } from '../listener.ts';
import { controlTarget, sessionTarget, type Target } from '../targets.ts';
import type { WebsocketListenerOptions } from './options.ts';
import { type Refusal, refuse } from './refusal.ts';
import { readUpgrade } from './upgrade.ts';
import { createWebsocketChannel } from './websocket-channel.ts';
import { controlCodec, hubSessionCodec } from './wire.ts';

/**
 * Takes websocket upgrades of an HTTP server that somebody else owns. Disposing it leaves the server alone; upgrades that
 * were not yet accepted are answered with 503.
 */
export interface WebsocketListener<Principal> extends Listener<Principal> {
  /** Takes all upgrades of `server`, until disposed. */
  attach(server: Server): void;
  /** Takes one upgrade: for a server whose upgrades go to several places. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const closedDetail = 'the hub takes no connections now: try again';
const retryAfterMs = 1_000;

class UpgradeListener<Principal> implements WebsocketListener<Principal> {
  readonly name = 'websocket';
  readonly #options: WebsocketListenerOptions<Principal>;
  readonly #queue: AcceptQueue<Principal> = createAcceptQueue();
  readonly #control: WebSocketServer;
  readonly #session: WebSocketServer;
  readonly #servers = new Set<Server>();
  /** Upgrades whose credential is being checked. */
  readonly #pending = new Set<Duplex>();
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    this.handleUpgrade(request, socket, head);
  #accepted = 0;

  constructor(options: WebsocketListenerOptions<Principal>) {
    this.#options = options;
    this.#control = createServer(controlCodec.subprotocol, options.limits.maxMessageBytes);
    this.#session = createServer(hubSessionCodec.subprotocol, options.limits.maxMessageBytes);
  }

  attach(server: Server): void {
    this.#servers.add(server);
    server.on('upgrade', this.#onUpgrade);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', (error) => this.#options.logger.debug({ err: error }, 'connection failed'));
    void this.#take(request, socket, head);
  }

  [Symbol.asyncIterator](): AsyncIterator<Accepted<Principal>> {
    return this.#queue[Symbol.asyncIterator]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.off('upgrade', this.#onUpgrade);
    this.#servers.clear();
    for (const socket of this.#pending) refuse(socket, unavailable(closedDetail, retryAfterMs));
    this.#pending.clear();
    await this.#queue[Symbol.asyncDispose]();
  }

  /** Never throws: nobody waits for it. */
  async #take(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const upgrade = readUpgrade(request, this.#options.pathPrefix ?? '');
    if (upgrade.type === 'refused') return refuse(socket, upgrade.refusal);
    if (head.length > 0)
      return refuse(socket, { code: 'request-invalid', detail: 'expected silence until the answer' });
    if (!this.#queue.takes) return refuse(socket, unavailable(closedDetail, retryAfterMs));
    const { clock, limits, logger, authenticate, remoteOf } = this.#options;
    const target = upgrade.target.type === 'control' ? controlTarget : sessionTarget(upgrade.target.attempt);
    const peer = request.socket.remoteAddress ?? '';
    const remote = remoteOf?.(peer, (name) => request.headers[name]?.toString()) ?? peer;
    const stay = this.#awaitDecision(socket);
    const admission = await admit(
      { authenticate, clock, logger, timeoutMs: limits.dialMs },
      { presented: upgrade.presented, target, remote, certificate: readClientCertificate(request.socket) },
    );
    if (!stay()) return;
    if (admission.type !== 'admitted') return refuse(socket, toRefusal(admission));
    if (!this.#queue.takes) return refuse(socket, unavailable(closedDetail, retryAfterMs));
    this.#accept({ request, socket, remote, target: upgrade.target, principal: admission.principal });
  }

  /**
   * Watches a connection that must be silent until it was answered (RFC 6455 §4.1): one that ends or speaks is dropped.
   * What is returned stops that, and says whether the connection still waits for an answer.
   */
  #awaitDecision(socket: Duplex): () => boolean {
    const drop = () => {
      this.#pending.delete(socket);
      socket.destroy();
    };
    this.#pending.add(socket);
    socket.on('data', drop);
    socket.on('end', drop);
    return () => {
      socket.off('data', drop);
      socket.off('end', drop);
      return this.#pending.delete(socket) && !socket.destroyed;
    };
  }

  #accept(upgrade: {
    readonly request: IncomingMessage;
    readonly socket: Duplex;
    readonly remote: string;
    readonly target: Target;
    readonly principal: Principal;
  }): void {
    const { request, socket, remote, target, principal } = upgrade;
    this.#options.know?.(request.socket);
    const server = target.type === 'control' ? this.#control : this.#session;
    server.handleUpgrade(request, socket, Buffer.alloc(0), (websocket) => {
      const common = { ...this.#options, id: this.#nextId(target, request), websocket, socket: request.socket };
      if (target.type === 'control') {
        this.#queue.push({
          type: 'control',
          principal,
          remote,
          channel: createWebsocketChannel({ ...common, codec: controlCodec }),
        });
      } else {
        const channel = createWebsocketChannel({ ...common, codec: hubSessionCodec });
        this.#queue.push({ type: 'session', principal, remote, attempt: target.attempt, channel });
      }
    });
  }

  #nextId(target: Target, request: IncomingMessage): string {
    this.#accepted += 1;
    return `${target.type}-in-${this.#accepted}-${request.socket.remotePort ?? 0}`;
  }
}

function createServer(subprotocol: string, maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: () => subprotocol,
  });
}

function unavailable(detail: string, retryAfterMs: number | null): Refusal {
  const headers = retryAfterMs === null ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return { code: 'unavailable', detail, headers };
}

function toRefusal(admission: Exclude<Admission<unknown>, { type: 'admitted' }>): Refusal {
  if (admission.type === 'challenged') {
    const headers = { 'www-authenticate': `Farhand challenge="${admission.challenge}"` };
    return { code: 'agent-credential-invalid', detail: admission.message, headers };
  }
  switch (admission.code) {
    case 'unauthorized':
      return {
        code: 'agent-credential-invalid',
        detail: admission.message,
        headers: { 'www-authenticate': 'Farhand' },
      };
    case 'forbidden':
      return { code: 'not-allowed', detail: admission.message };
    case 'unavailable':
      return unavailable(admission.message, admission.retryAfterMs);
  }
}

export function createWebsocketListener<Principal>(
  options: WebsocketListenerOptions<Principal>,
): WebsocketListener<Principal> {
  return new UpgradeListener(options);
}
