import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';

/** What every connection of HTTP/2 begins with (RFC 9113 §3.4), and none of HTTP/1: there is no method `PRI`. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** How long a connection may take to tell when nobody waits for it any more. */
const leavingMs = 1_000;

export interface ConnectionSwitchOptions {
  /** Takes a connection that speaks HTTP/2, with its first bytes put back. */
  readonly http2: (socket: Socket) => void;
  readonly clock: Clock;
  /** How long it may take until the first bytes tell. */
  readonly patienceMs: number;
  readonly logger: Logger;
}

/**
 * One port for HTTP/1 and HTTP/2: looks at the first bytes of each connection of `server` and puts them back. HTTP/1 goes on to the server as
 * if nothing had been, with all its own bounds. Whoever says nothing, or too little to tell, is cut in time.
 * Disposing it cuts those who have not told yet. The server may go on for a while: later connections have a second to tell, and those that
 * speak HTTP/2 are cut.
 */
export function switchConnections(server: Server, options: ConnectionSwitchOptions): Disposable {
  const { http2, clock, patienceMs, logger } = options;
  const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const undecided = new Set<Socket>();
  let isDisposed = false;

  server.removeAllListeners('connection');
  server.on('connection', decide);

  function http1(socket: Socket): void {
    for (const listener of own) listener.call(server, socket);
  }

  function decide(socket: Socket): void {
    let begin = Buffer.alloc(0);
    const timer: Timer = clock.schedule(isDisposed ? leavingMs : patienceMs, leave, { background: true });
    undecided.add(socket);
    socket.on('readable', look);
    socket.on('error', complain);
    socket.on('end', leave);
    socket.on('close', forget);

    function look(): void {
      for (;;) {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) return;
        begin = Buffer.concat([begin, chunk]);
        const told = tell(begin);
        if (told === null) continue;
        forget();
        socket.unshift(begin);
        if (told === 'http1') http1(socket);
        else if (isDisposed) socket.destroy();
        else http2(socket);
        return;
      }
    }

    function complain(error: Error): void {
      logger.debug({ err: error }, 'connection failed');
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
      for (const socket of undecided) socket.destroy();
    },
  };
}

/** Null as long as it may be either. */
function tell(begin: Buffer): 'http1' | 'http2' | null {
  const bytes = Math.min(begin.length, preface.length);
  if (begin.compare(preface, 0, bytes, 0, bytes) !== 0) return 'http1';
  return bytes === preface.length ? 'http2' : null;
}
