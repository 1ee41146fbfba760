import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Strangers } from '../../runtime/listening/strangers.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';
import type { RefusalLog } from './refusal-log.ts';
import { type Beginning, tellBeginning } from './tell-beginning.ts';
import type { Handshake, TlsHandshakes } from './tls-handshakes.ts';
import { turnAwayHttp1, turnAwayHttp2 } from './turn-away.ts';

/** How long a connection may take to tell when nobody waits for it any more. */
const leavingMs = 1_000;

export interface ConnectionSwitchOptions {
  /** Takes a connection that speaks HTTP/2, with its first bytes put back. */
  readonly http2: (socket: Socket) => void;
  /** What makes connections secure; null where the port speaks plaintext. */
  readonly tls: TlsHandshakes | null;
  readonly clock: Clock;
  /** How long it may take until it is known what speaks, TLS handshake included. */
  readonly patienceMs: number;
  /** Where each is counted, until somebody is known on it. */
  readonly strangers: Pick<Strangers, 'enter' | 'rename'>;
  readonly refusals: Pick<RefusalLog, 'refused'>;
  readonly logger: Logger;
}

/**
 * A connection that is not yet anybody's:
 *
 * - `silent`: too little came to tell what it speaks
 * - `securing`: in the TLS handshake
 * - `leaving`: it is told why it is not let in
 */
type State = 'silent' | 'securing' | 'leaving';

interface Undecided {
  /** Cuts it, and says why; null where it is no news. */
  cut(reason: ConnectionRefusal | null): void;
}

/**
 * One port for HTTP/1 and HTTP/2, with TLS or without. In plaintext it looks at the first bytes of each connection of `server` and puts them
 * back; with TLS the handshake tells (ALPN). HTTP/1 goes on to the server as if nothing had been, with all its own bounds. Whoever says
 * nothing, or too little to tell, is cut in time.
 * Whoever speaks plaintext to TLS, or is not let in with his certificate, is told so in his own protocol, and what he sends is not read.
 * Disposing it cuts those who have not told yet. The server may go on for a while: later connections have a second to tell, and those that
 * speak HTTP/2 are cut.
 */
export function switchConnections(server: Server, options: ConnectionSwitchOptions): Disposable {
  const { http2, tls, clock, patienceMs, strangers, refusals, logger } = options;
  const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const undecided = new Map<Socket, Undecided>();
  let isDisposed = false;

  server.removeAllListeners('connection');
  server.on('connection', decide);

  function serveHttp1(socket: Socket): void {
    for (const listener of own) listener.call(server, socket);
  }

  function serveHttp2(socket: Socket): void {
    if (isDisposed) socket.destroy();
    else http2(socket);
  }

  function complain(error: Error): void {
    logger.debug({ err: error }, 'connection failed');
  }

  function decide(socket: Socket): void {
    const remote = socket.remoteAddress;
    let begin = Buffer.alloc(0);
    let state: State = 'silent';
    const timer: Timer = clock.schedule(isDisposed ? leavingMs : patienceMs, late, { background: true });
    undecided.set(socket, { cut });
    socket.on('readable', look);
    socket.on('error', complain);
    socket.on('end', leave);
    socket.on('close', forget);
    strangers.enter(socket);

    function look(): void {
      for (;;) {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) return;
        begin = Buffer.concat([begin, chunk]);
        const told = tellBeginning(begin);
        if (told === null) continue;
        socket.off('readable', look);
        socket.off('end', leave);
        socket.unshift(begin);
        route(told);
        return;
      }
    }

    function route(told: Beginning): void {
      if (tls !== null && told === 'tls') {
        state = 'securing';
        // Stays when the others go: nobody else listens on what is under TLS.
        socket.on('error', complain);
        tls.begin(socket, secured);
      } else if (tls !== null) {
        turnAway(socket, { reason: told === 'unknown' ? 'handshake' : 'plaintext', speaks: told });
      } else {
        // The answer in plaintext is what makes the other side see that this is no TLS.
        if (told === 'tls') refusals.refused('tls', remote);
        forget();
        if (told === 'http2') serveHttp2(socket);
        else serveHttp1(socket);
      }
    }

    function secured(outcome: Handshake): void {
      if (!undecided.has(socket)) return;
      switch (outcome.type) {
        case 'secured':
          forget();
          strangers.rename(socket, outcome.socket);
          if (outcome.socket.alpnProtocol === 'h2') serveHttp2(outcome.socket);
          else serveHttp1(outcome.socket);
          return;
        case 'unwanted':
          turnAway(outcome.socket, { reason: outcome.reason, speaks: toBeginning(outcome.socket) });
          return;
        case 'failed':
          refusals.refused(outcome.reason, remote, outcome.detail);
          forget();
          return;
      }
    }

    /** It stays undecided until it has gone, so that it is cut if it does not go. */
    function turnAway(
      told: Socket,
      { reason, speaks }: { readonly reason: ConnectionRefusal; readonly speaks: Beginning },
    ): void {
      refusals.refused(reason, remote);
      state = 'leaving';
      if (told !== socket) told.on('error', complain);
      if (speaks === 'http1') turnAwayHttp1(told, reason);
      else if (speaks === 'http2') void turnAwayHttp2(told, reason);
      else socket.destroy();
    }

    function cut(reason: ConnectionRefusal | null): void {
      if (reason !== null) refusals.refused(reason, remote);
      forget();
      socket.destroy();
    }

    /** A balancer that looks whether the port is open says nothing at all; one who leaves was told why. */
    function late(): void {
      cut(state === 'leaving' || begin.length === 0 ? null : 'timeout');
    }

    function leave(): void {
      socket.destroy();
    }

    function forget(): void {
      timer.cancel();
      undecided.delete(socket);
      socket.off('readable', look);
      socket.off('error', complain);
      socket.off('end', leave);
      socket.off('close', forget);
    }
  }

  return {
    [Symbol.dispose]() {
      isDisposed = true;
      for (const connection of undecided.values()) connection.cut(null);
    },
  };
}

function toBeginning({ alpnProtocol }: TLSSocket): Beginning {
  return alpnProtocol === 'h2' ? 'http2' : 'http1';
}
