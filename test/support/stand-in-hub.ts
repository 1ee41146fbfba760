import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ServerCertificate } from './certificates.ts';
import { answerJson, answerProblem } from './fake-api.ts';

export interface StandInOptions {
  readonly tls?: ServerCertificate;
  /** What it is by its own clock, beside this machine's. */
  readonly clockMs?: number;
  /** Answers everything itself. */
  readonly answer?: RequestListener;
  /** Behind a proxy that takes the header away, a request for a websocket is one for a page that is not there. */
  readonly passesUpgrades?: boolean;
  readonly version?: string;
  readonly agents?: readonly object[];
  readonly token?: string;
}

/** What farhand doctor asks of a hub, answered as a hub answers, or as something else does. */
export async function startStandInHub(
  options: StandInOptions = {},
): Promise<AsyncDisposable & { readonly port: number }> {
  const handle: RequestListener = options.answer ?? ((request, response) => answer(request, response, options));
  const withClock: RequestListener = (request, response) => {
    if (options.clockMs !== undefined) response.setHeader('date', new Date(Date.now() + options.clockMs).toUTCString());
    handle(request, response);
  };
  const server: Server =
    options.tls === undefined ? createServer(withClock) : createTlsServer({ ...options.tls }, withClock);
  // Where nobody listens for upgrades, Node takes them for plain requests.
  if (options.answer === undefined && options.passesUpgrades !== false) {
    server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Farhand challenge="x"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      );
    });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, options: StandInOptions): void {
  const { version = '0.1.0', agents = [], token } = options;
  const path = request.url?.split('?', 1)[0];
  if (path === '/readyz') return answerJson(response, { status: 'ok' });
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
    return answerProblem(response, 'token-invalid', 'the token is not valid');
  }
  if (path === '/api/v1/openapi.json')
    return answerJson(response, { openapi: '3.1.0', info: { title: 'hub', version } });
  if (path === '/api/v1/agents') return answerJson(response, { items: agents, nextCursor: null });
  return answerProblem(response, 'not-found', 'there is no such path');
}
