import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ServerCertificate } from './certificates.ts';

/** A connection that says what it is told to, however wrong, and keeps what comes back. */
export interface RawClient extends Disposable {
  readonly socket: Socket;
  /** All that came, byte for byte (latin1). */
  readonly said: string;
  /** Resolves when nothing is left of the connection, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  write(bytes: string | Buffer): void;
  /** Goes on saying it, bit by bit, until the connection is over. */
  dribble(bytes: string | Buffer): void;
}

export interface RawTarget {
  readonly port: number;
  /** Of the certificate on the port; null for plaintext. */
  readonly ca?: string | Buffer | null;
  /** What is shown to who asks for a certificate. */
  readonly shows?: ServerCertificate | null;
}

const dribbleMs = 50;

export function openRaw({ port, ca = null, shows = null }: RawTarget, { alpn = 'http/1.1' } = {}): RawClient {
  const socket =
    ca === null
      ? connect(port, '127.0.0.1')
      : connectTls({ port, host: '127.0.0.1', ca, ALPNProtocols: [alpn], ...shows });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.setNoDelay();
  socket.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(timer);
    resolve();
  });
  const write = (bytes: string | Buffer) => {
    if (socket.writable) socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  };
  return {
    socket,
    get said() {
      return said;
    },
    closed,
    write,
    dribble(bytes) {
      timer = setInterval(() => write(bytes), dribbleMs);
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Says all of it at once and answers what came until the other side ended. */
export async function talk(target: RawTarget, bytes: string | Buffer): Promise<string> {
  using client = openRaw(target);
  client.write(bytes);
  await client.closed;
  return client.said;
}

/** An HTTP/1.1 head of these lines. */
export function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The statuses of all answers in what came. */
export function statusesOf(said: string): readonly number[] {
  return [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
