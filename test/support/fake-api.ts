import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ProblemCode, problems } from '../../protocol/problem.ts';

export interface FakeRequest {
  readonly method: string;
  /** Below `/api/v1`, without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

export type FakeRoute = (request: FakeRequest, response: ServerResponse) => void | Promise<void>;

export interface FakeApi extends AsyncDisposable {
  readonly address: string;
  readonly requests: readonly FakeRequest[];
}

/** A server in the place of a hub: what is not in `routes` (`GET /jobs/1`) is a 404. */
export async function startFakeApi(routes: Readonly<Record<string, FakeRoute>>): Promise<FakeApi> {
  const requests: FakeRequest[] = [];
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://hub');
    const request: FakeRequest = {
      method: incoming.method ?? 'GET',
      path: pathname.replace(/^\/api\/v1/, ''),
      query: searchParams,
      headers: incoming.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    requests.push(request);
    const route = routes[`${request.method} ${request.path}`];
    if (route === undefined) answerProblem(response, 'not-found', 'there is no such thing');
    else await route(request, response);
  };
  const server = createServer((incoming, response) => void handle(incoming, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

export function answerProblem(
  response: ServerResponse,
  code: ProblemCode,
  detail: string,
  errors?: readonly { readonly pointer: string; readonly message: string }[],
): void {
  const { status, title } = problems[code];
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(
    JSON.stringify({ type: 'about:blank', title, status, code, detail, ...(errors === undefined ? {} : { errors }) }),
  );
}
