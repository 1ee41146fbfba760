import type { Server } from 'node:http';
import type { Strangers } from '../../runtime/listening/strangers.ts';
import type { GrpcListenerOptions } from '../../transports/grpc/options.ts';
import type { Listener } from '../../transports/listener.ts';
import type { TlsKeeper } from '../tls/tls-keeper.ts';
import { switchConnections } from './connection-switch.ts';
import { createLateListener } from './late-listener.ts';
import type { RefusalLog } from './refusal-log.ts';
import { createTlsHandshakes } from './tls-handshakes.ts';

/** How long a connection may take to say which protocol it speaks. */
const patienceMs = 30_000;
/** The same with TLS, where each holds memory meanwhile. Three round trips over a satellite take four seconds. */
const tlsPatienceMs = 15_000;

/**
 * Takes the calls of agents that dial gRPC at the port of an HTTP server, with TLS where there is what it takes. Disposing it stops that;
 * calls that were accepted belong to whoever took them.
 */
export function serveGrpcBesideHttp<Principal>(
  server: Server,
  options: GrpcListenerOptions<Principal> & {
    /** Takes what was accepted; ends with the listener. */
    readonly serve: (listener: Listener<Principal>) => Promise<void>;
    /** Null: the port speaks plaintext. */
    readonly tls: TlsKeeper | null;
    readonly strangers: Strangers;
    readonly refusals: RefusalLog;
  },
): AsyncDisposable {
  const { serve, tls, strangers, refusals, clock, logger } = options;
  const grpc = createLateListener<Principal>({
    async open() {
      const { createGrpcListener } = await import('../../transports/grpc/listener.ts');
      return createGrpcListener(options);
    },
    serve,
    logger,
  });
  const connections = switchConnections(server, {
    http2: (socket) => grpc.take(socket),
    tls: tls === null ? null : createTlsHandshakes(tls),
    clock,
    patienceMs: tls === null ? patienceMs : tlsPatienceMs,
    strangers,
    refusals,
    logger,
  });
  return {
    async [Symbol.asyncDispose]() {
      connections[Symbol.dispose]();
      await grpc[Symbol.asyncDispose]();
    },
  };
}
