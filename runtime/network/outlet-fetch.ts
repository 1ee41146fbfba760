import { type IncomingMessage, request as requestHttp } from 'node:http';
import { Readable } from 'node:stream';
import { type Destination, toDestination } from './destination.ts';
import type { Outlet } from './outlet.ts';

/** Answers that have no body (Fetch §2.2.3). */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * `fetch` through the outlet: rejects with a `TypeError` whose `cause` says why, or with the signal's reason. It follows no redirect: an answer of
 * 3xx is one as any other, or a failure where `redirect` is `error`. Each request has a connection of its own, so that none meets one that
 * was just closed.
 */
export function createOutletFetch(outlet: Outlet): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const signal = init?.signal ?? request.signal;
    signal.throwIfAborted();
    const body = request.body === null ? null : await request.text();
    const url = new URL(request.url);
    const destination = toDestination(url, ['http/1.1']);
    try {
      const answer = await exchange(outlet, { request, url, destination, body, signal });
      if (request.redirect === 'error' && isRedirect(answer)) {
        answer.destroy();
        throw new Error(
          `it answers with a redirect to ${answer.headers.location?.slice(0, 200)}, and none is followed`,
        );
      }
      return toResponse(answer, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new TypeError('fetch failed', { cause: outlet.explain(error, destination) ?? error });
    }
  };
}

interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly destination: Destination;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

function isRedirect({ statusCode = 0, headers: { location } }: IncomingMessage): boolean {
  return statusCode > 300 && statusCode < 400 && location !== undefined;
}

async function exchange(outlet: Outlet, options: Exchange): Promise<IncomingMessage> {
  const { request: asked, url, destination, body, signal } = options;
  const socket = await outlet.open(destination, { signal });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = requestHttp({
    method: asked.method,
    path: `${url.pathname}${url.search}`,
    setHost: false,
    headers: { host: url.host, 'user-agent': 'farhand', ...Object.fromEntries(asked.headers) },
    createConnection: () => socket,
  });
  request.on('error', reject);
  request.on('response', (answer) => {
    // What befalls the rest of the answer is told by the answer.
    request.on('error', () => {});
    resolve(answer);
  });
  const abort = () => request.destroy();
  signal.addEventListener('abort', abort);
  request.on('close', () => signal.removeEventListener('abort', abort));
  if (signal.aborted) abort();
  request.end(body ?? undefined);
  return promise;
}

function toResponse(answer: IncomingMessage, signal: AbortSignal): Response {
  const status = answer.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    headers.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
  }
  const init = { status, statusText: answer.statusMessage ?? '', headers };
  if (bodiless.has(status)) {
    answer.resume();
    return new Response(null, init);
  }
  const abort = () => answer.destroy(toError(signal.reason));
  signal.addEventListener('abort', abort);
  answer.on('close', () => signal.removeEventListener('abort', abort));
  return new Response(Readable.toWeb(answer) as ReadableStream, init);
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
