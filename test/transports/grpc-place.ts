import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock, type VirtualClock } from '../../runtime/virtual-clock.ts';
import type { Authenticate, Credential } from '../../transports/credential.ts';
import { createGrpcTransport } from '../../transports/grpc/grpc-transport.ts';
import { createGrpcListener, type GrpcListener } from '../../transports/grpc/listener.ts';
import { type ChannelLimits, defaultLimits } from '../../transports/limits.ts';
import { until } from '../support/turns.ts';

export const credential: Credential = { present: () => Promise.resolve('agent-1') };
export const forever = new AbortController().signal;

export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** Connections that the server holds. */
  readonly open: number;
}

/** A TCP server with a port of its own; disposing cuts what is left. */
export async function listen(onSocket: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface GrpcPlace extends Listening {
  readonly listener: GrpcListener<string>;
  readonly clock: VirtualClock;
}

/** A listener that lets everybody in, or as it is told. */
export async function startGrpcPlace(
  authenticate?: Authenticate<string>,
  limits: Partial<ChannelLimits> = {},
): Promise<GrpcPlace> {
  const clock = createVirtualClock();
  const listener = createGrpcListener<string>({
    authenticate: authenticate ?? (() => Promise.resolve({ type: 'admitted', principal: 'agent-1' })),
    clock,
    limits: { ...defaultLimits, ...limits },
    logger: silentLogger,
  });
  const listening = await listen((socket) => listener.take(socket));
  return {
    port: listening.port,
    get open() {
      return listening.open;
    },
    listener,
    clock,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      await listening[Symbol.asyncDispose]();
      await until(() => listening.open === 0, 'all connections to be gone');
    },
  };
}

export function transportTo(url: string, clock = createVirtualClock()) {
  return createGrpcTransport({ url, clock, limits: defaultLimits, logger: silentLogger });
}
