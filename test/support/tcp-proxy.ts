import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { findGrpcAcceptance, readGrpcTarget } from './grpc-line.ts';

/** `up` is from the one who dialled. */
export type ProxyDirection = 'up' | 'down';

/** Which lines a fault is for: those whose first request is for a path like this. */
export interface LineFilter {
  readonly path?: RegExp;
}

/** A TCP line between a dialler and `targetPort` that a test can break. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that a dialler holds. */
  readonly open: number;
  /** Bytes carried so far. */
  carried(direction: ProxyDirection): number;
  /** Later connections lead to this port: as a load balancer that has taken a server out. */
  leadTo(targetPort: number): void;
  /** Breaks each connection of this moment after so many bytes more. */
  cutAfter(direction: ProxyDirection, bytes: number): void;
  /** Breaks the connections of this moment at once, with a reset on both sides. */
  cut(filter?: LineFilter): void;
  /** From now on swallows what goes this way on the connections of this moment. */
  silence(direction: ProxyDirection, filter?: LineFilter): void;
  /** From now on takes nothing more from either side of the connections of this moment, as if this process were stopped: buffers fill. */
  freeze(filter?: LineFilter): void;
  /** Keeps what goes this way behind the upgrade, also on later connections, until disposed: then it goes on. */
  hold(direction: ProxyDirection, filter?: LineFilter): Disposable;
  /** At most about so many bytes a second go either way on all connections together; null for as fast as it can. */
  slowTo(bytesPerSecond: number | null): void;
  /** Puts bytes of the test's own on the wire. */
  inject(direction: ProxyDirection, bytes: Uint8Array): void;
}

interface Line {
  readonly sockets: { readonly up: Socket; readonly down: Socket };
  readonly cutAfter: { up: number; down: number };
  readonly silent: { up: boolean; down: boolean };
  readonly held: { readonly up: Buffer[]; readonly down: Buffer[] };
  path: string | null;
  secure: boolean;
  upgraded: boolean;
  frozen: boolean;
}

interface Hold extends LineFilter {
  readonly direction: ProxyDirection;
}

const endOfHead = '\r\n\r\n';
const slowPieceMs = 20;

/** `host`: where it listens. */
export async function startTcpProxy(
  targetPort: number,
  { host = '127.0.0.1' }: { readonly host?: string } = {},
): Promise<TcpProxy> {
  const lines = new Set<Line>();
  const holds = new Set<Hold>();
  const carried = { up: 0, down: 0 };
  let bytesPerSecond: number | null = null;
  let port = targetPort;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    // The socket to write to in each direction.
    const sockets = { up: far, down: near };
    const line: Line = {
      sockets,
      cutAfter: { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY },
      silent: { up: false, down: false },
      held: { up: [], down: [] },
      path: null,
      secure: false,
      upgraded: false,
      frozen: false,
    };
    lines.add(line);
    forward(line, near, 'up');
    forward(line, far, 'down');
  });

  function isHeld(line: Line, direction: ProxyDirection): boolean {
    if (!line.upgraded) return false;
    return [...holds].some((hold) => hold.direction === direction && matches(line, hold));
  }

  function forward(line: Line, from: Socket, direction: ProxyDirection): void {
    const to = line.sockets[direction];
    from.setNoDelay();
    from.on('data', (chunk) => {
      if (direction === 'up') learn(line, chunk);
      for (const piece of splitAtUpgrade(line, direction, chunk)) {
        if (isHeld(line, direction)) line.held[direction].push(piece);
        else pass(line, direction, piece);
      }
    });
    to.on('drain', () => resume(line, from));
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroySoon();
      lines.delete(line);
    });
  }

  function pass(line: Line, direction: ProxyDirection, chunk: Buffer): void {
    const to = line.sockets[direction];
    const from = line.sockets[direction === 'up' ? 'down' : 'up'];
    const passed = line.silent[direction] ? 0 : Math.min(chunk.length, line.cutAfter[direction]);
    carried[direction] += passed;
    line.cutAfter[direction] -= passed;
    const last = line.cutAfter[direction] === 0;
    if (passed > 0 && !to.write(chunk.subarray(0, passed)) && !last) from.pause();
    if (last) cut(line);
    else if (bytesPerSecond !== null) void rest(line, from, (passed / bytesPerSecond) * 1_000);
  }

  async function rest(line: Line, socket: Socket, ms: number): Promise<void> {
    socket.pause();
    await delay(Math.max(ms, slowPieceMs));
    resume(line, socket);
  }

  function resume(line: Line, socket: Socket): void {
    if (!line.frozen) socket.resume();
  }

  function release(): void {
    for (const line of lines) {
      for (const direction of ['up', 'down'] as const) {
        if (isHeld(line, direction)) continue;
        for (const piece of line.held[direction].splice(0)) pass(line, direction, piece);
      }
    }
  }

  server.listen(0, host);
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return lines.size;
    },
    carried: (direction) => carried[direction],
    leadTo(next) {
      port = next;
    },
    cutAfter(direction, bytes) {
      for (const line of lines) line.cutAfter[direction] = bytes;
    },
    cut(filter = {}) {
      for (const line of lines) if (matches(line, filter)) reset(line);
    },
    silence(direction, filter = {}) {
      for (const line of lines) if (matches(line, filter)) line.silent[direction] = true;
    },
    freeze(filter = {}) {
      for (const line of lines) if (matches(line, filter)) line.frozen = true;
      for (const { sockets, frozen } of lines) {
        if (!frozen) continue;
        sockets.up.pause();
        sockets.down.pause();
      }
    },
    hold(direction, filter = {}) {
      const hold = { direction, ...filter };
      holds.add(hold);
      return {
        [Symbol.dispose]() {
          if (holds.delete(hold)) release();
        },
      };
    },
    slowTo(rate) {
      bytesPerSecond = rate;
    },
    inject(direction, bytes) {
      for (const line of lines) line.sockets[direction].write(bytes);
    },
    async [Symbol.asyncDispose]() {
      for (const line of lines) reset(line);
      server.close();
      await once(server, 'close');
    },
  };
}

const tlsHandshake = 0x16;

function learn(line: Line, chunk: Buffer): void {
  if (line.path === null && chunk[0] === tlsHandshake) line.secure = true;
  if (!line.secure) line.path = readPath(line.path, chunk);
}

/** HTTP/2 begins with a request for `*`, and says what it wants in one of the next pieces. */
function readPath(before: string | null, chunk: Buffer): string {
  const path = before ?? /^[A-Z]+ (\S+) /.exec(chunk.toString('latin1', 0, 2_000))?.[1] ?? '';
  return path === '*' ? (readGrpcTarget(chunk) ?? path) : path;
}

function matches(line: Line, { path }: LineFilter): boolean {
  if (path !== undefined && line.secure) throw new Error(`expected a line in the open to look for ${path}, got TLS`);
  return path === undefined || path.test(line.path ?? '');
}

/**
 * The head of the answer that upgrades a connection, or accepts its call, goes by itself: what comes behind may be held. Of TLS nobody sees
 * more than that an answer came.
 */
function* splitAtUpgrade(line: Line, direction: ProxyDirection, chunk: Buffer): Generator<Buffer> {
  const behind = line.upgraded || direction === 'up' ? -1 : findEndOfUpgrade(line, chunk);
  if (behind < 0) return yield chunk;
  yield chunk.subarray(0, behind);
  line.upgraded = true;
  if (behind < chunk.length) yield chunk.subarray(behind);
}

function findEndOfUpgrade({ path, secure }: Line, chunk: Buffer): number {
  if (secure) return chunk.length;
  if (!chunk.toString('latin1', 0, 12).startsWith('HTTP/1.1')) return path === null ? -1 : findGrpcAcceptance(chunk);
  const end = chunk.toString('latin1', 0, 12) === 'HTTP/1.1 101' ? chunk.indexOf(endOfHead) : -1;
  return end < 0 ? -1 : end + endOfHead.length;
}

/** What was passed on is still delivered. */
function cut(line: Line): void {
  line.sockets.up.destroySoon();
  line.sockets.down.destroySoon();
}

function reset(line: Line): void {
  for (const socket of [line.sockets.up, line.sockets.down]) {
    if (socket.connecting) socket.destroy();
    else socket.resetAndDestroy();
  }
}
