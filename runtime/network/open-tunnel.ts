import { type IncomingMessage, request as requestHttp, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Destination, toAuthority } from './destination.ts';
import { OutletError } from './outlet-error.ts';
import type { Route } from './route.ts';
import { toSystemWords } from './system-words.ts';

export interface TunnelOptions {
  readonly route: Extract<Route, { readonly type: 'proxy' }>;
  readonly destination: Destination;
  readonly signal: AbortSignal;
}

/** Asks the proxy at the other end of `socket` for a tunnel. Rejects with `OutletError`, and then the socket is destroyed. */
export function openTunnel(socket: Socket, options: TunnelOptions): Promise<Socket> {
  const { route, destination, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const authority = toAuthority(destination);
  const { authorization } = route.proxy;
  const request = requestHttp({
    method: 'CONNECT',
    path: authority,
    setHost: false,
    headers: {
      host: authority,
      'user-agent': 'farhand',
      ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
    },
    createConnection: () => socket,
  });
  const fail = (error: unknown) => {
    signal.removeEventListener('abort', abort);
    socket.destroy();
    reject(error);
  };
  const abort = () => fail(signal.reason);
  request.on('error', (error) => fail(toGarbled(error, options)));
  request.on('connect', (answer, stream: Socket, head) => {
    const refusal = toRefusal(answer, options);
    if (refusal !== null) return fail(refusal);
    signal.removeEventListener('abort', abort);
    if (head.length > 0) stream.unshift(head);
    resolve(stream);
  });
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  request.end();
  return promise;
}

/** Null where the tunnel is open. */
function toRefusal(answer: IncomingMessage, { route, destination }: TunnelOptions): OutletError | null {
  const { proxy, from } = route;
  const authority = toAuthority(destination);
  const status = answer.statusCode ?? 0;
  const got = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  switch (status) {
    case 200: {
      // A tunnel begins behind the head (RFC 9110 §9.3.6): who sends a page sends none.
      const { 'content-length': length = '0', 'transfer-encoding': coding } = answer.headers;
      if (length === '0' && coding === undefined) return null;
      return notAProxy(route, 'it answers with a page');
    }
    case 401:
    case 407:
      return new OutletError(
        'proxy-login',
        proxy.authorization === null
          ? `the proxy ${proxy.shown} wants a login (${got}), and ${from} has none: write http://USER:PASSWORD@HOST:PORT, percent-encoded, into a file that FARHAND_PROXY_FILE names`
          : `the proxy ${proxy.shown} does not accept the user and password of ${from} (${got}): correct them there; special characters are percent-encoded`,
      );
    case 403:
      return new OutletError(
        'proxy-refused',
        `the proxy ${proxy.shown} (${from}) does not let this machine to ${authority} (${got}): have its administrator allow CONNECT to it, or name the host in NO_PROXY if it can be reached directly`,
      );
    case 500:
    case 502:
    case 503:
    case 504:
      return new OutletError(
        'proxy-no-way',
        `the proxy ${proxy.shown} (${from}) cannot reach ${authority} (${got}): check the address, and that something listens there for the proxy`,
      );
    default:
      return notAProxy(route, `it answers ${got}`);
  }
}

/** An answer that is no HTTP, or none at all. */
function toGarbled(error: Error & { readonly rawPacket?: unknown }, { route }: TunnelOptions): OutletError {
  const { rawPacket } = error;
  if (rawPacket instanceof Uint8Array && isTlsAlert(rawPacket)) {
    return notAProxy(route, 'it speaks TLS: write https:// for it', error);
  }
  const isParsed = 'code' in error && String(error.code).startsWith('HPE_');
  return notAProxy(route, isParsed ? 'it answers something that is no HTTP' : toSystemWords(error), error);
}

function notAProxy(
  { proxy, from }: Extract<Route, { readonly type: 'proxy' }>,
  why: string,
  cause?: unknown,
): OutletError {
  return new OutletError(
    'proxy-invalid',
    `expected a proxy that opens tunnels at ${proxy.shown}, and ${why}; check host, port and scheme in ${from}`,
    { cause },
  );
}

/** A record of TLS that carries an alert (RFC 8446 §5.1): what a server of TLS says to those who speak none. */
export function isTlsAlert(bytes: Uint8Array): boolean {
  return bytes[0] === 0x15 && bytes[1] === 0x03;
}
