import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `up` is from the one who dialled. */
export type ProxyDirection = 'up' | 'down';

/** A TCP line between a dialler and `targetPort` that a test can break. Faults concern the connections of their moment. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that a dialler holds. */
  readonly open: number;
  /** Bytes carried so far. */
  carried(direction: ProxyDirection): number;
  /** Breaks each connection after so many bytes more. */
  cutAfter(direction: ProxyDirection, bytes: number): void;
  /** From now on swallows what goes this way. */
  silence(direction: ProxyDirection): void;
  /** Puts bytes of the test's own on the wire. */
  inject(direction: ProxyDirection, bytes: Uint8Array): void;
}

interface Line {
  readonly sockets: { readonly up: Socket; readonly down: Socket };
  readonly cutAfter: { up: number; down: number };
  readonly silent: { up: boolean; down: boolean };
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const lines = new Set<Line>();
  const carried = { up: 0, down: 0 };
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    // The socket to write to in each direction.
    const sockets = { up: far, down: near };
    const line: Line = {
      sockets,
      cutAfter: { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY },
      silent: { up: false, down: false },
    };
    lines.add(line);
    forward(line, near, 'up');
    forward(line, far, 'down');
  });

  function forward(line: Line, from: Socket, direction: ProxyDirection): void {
    const to = line.sockets[direction];
    from.setNoDelay();
    from.on('data', (chunk) => {
      const passed = line.silent[direction] ? 0 : Math.min(chunk.length, line.cutAfter[direction]);
      carried[direction] += passed;
      line.cutAfter[direction] -= passed;
      const last = line.cutAfter[direction] === 0;
      if (passed > 0 && !to.write(chunk.subarray(0, passed)) && !last) from.pause();
      if (last) cut(line);
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroySoon();
      lines.delete(line);
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    get open() {
      return lines.size;
    },
    carried: (direction) => carried[direction],
    cutAfter(direction, bytes) {
      for (const line of lines) line.cutAfter[direction] = bytes;
    },
    silence(direction) {
      for (const line of lines) line.silent[direction] = true;
    },
    inject(direction, bytes) {
      for (const line of lines) line.sockets[direction].write(bytes);
    },
    async [Symbol.asyncDispose]() {
      for (const line of lines) {
        line.sockets.up.destroy();
        line.sockets.down.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

/** What was passed on is still delivered. */
function cut(line: Line): void {
  line.sockets.up.destroySoon();
  line.sockets.down.destroySoon();
}
