import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import type { Clock } from '../runtime/clock.ts';
import { isLoopback } from '../runtime/configuration/loopback.ts';
import { hangUpOnStall } from '../runtime/listening/hang-up-on-stall.ts';
import { mayBeRebound } from '../runtime/listening/may-be-rebound.ts';
import { toServerBounds } from '../runtime/listening/server-bounds.ts';
import { Strangers } from '../runtime/listening/strangers.ts';
import { toListenAddress } from '../runtime/listening/to-listen-address.ts';
import { metricsMediaType, toMetricsText } from '../runtime/metrics-text.ts';
import { toBareAddress } from '../runtime/network/to-bare-address.ts';
import { readProcessMetrics } from '../runtime/process-metrics.ts';
import { statusPageHeaders, wantsPage } from '../runtime/status-html.ts';
import { toAgentMetrics } from './agent-metrics.ts';
import type { AgentStatus } from './agent-status.ts';
import { toStatusPage } from './status-page.ts';

export interface StatusServer extends AsyncDisposable {
  /** `http://127.0.0.1:9400` */
  readonly address: string;
}

/** Bounds of the server. Nobody who asks here is known, and a job must not feel them. */
export interface StatusLimits {
  /** How long a request may take to come. */
  readonly requestMs: number;
  /** How long an answer may take to be taken. */
  readonly stallMs: number;
  /** Connections at once; the oldest makes room for one more. */
  readonly connections: number;
}

const defaultLimits: StatusLimits = { requestMs: 10_000, stallMs: 20_000, connections: 64 };

/**
 * Serves what probes and people ask of an agent: `/livez` (the process answers, and none of its
 * loops is stuck: 503 otherwise), `/readyz` (it takes jobs: 503 otherwise), `/status`
 * (JSON, or a page for a browser) and `/metrics` (Prometheus). Reading only, without authentication: whoever reaches the address may read it;
 * from this machine only by a name of it, for a page in a browser may have given it one of its own.
 * Rejects with what `listen` says.
 */
export async function startStatusServer(options: {
  readonly listen: { readonly host: string; readonly port: number };
  readonly status: () => AgentStatus;
  readonly clock: Clock;
  /** What is left out is as usual. */
  readonly limits?: Partial<StatusLimits>;
}): Promise<StatusServer> {
  const { listen, status, clock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const server = createServer(toServerBounds(limits.requestMs), (request, response) => {
    hangUpOnStall(response, { clock, stallMs: limits.stallMs });
    const refusal = whyRefused(request);
    if (refusal === null) answer(request, response, status);
    else refuse(response, refusal);
  });
  const strangers = new Strangers({
    most: limits.connections,
    mostOfOne: limits.connections,
    isShared: () => false,
    onCut: () => {},
  });
  server.on('connection', (socket) => strangers.enter(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    address: toListenAddress(server, 'http'),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function whyRefused({ method, headers, socket }: IncomingMessage): Refusal | null {
  if (isLoopback(toBareAddress(socket.remoteAddress ?? '')) && mayBeRebound(headers.host, hostname())) {
    const detail = `expected localhost, an address or ${hostname()} as Host, got another name: ask by one of these`;
    return { status: 421, detail };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, detail: `expected GET, got ${String(method)}`, headers: { allow: 'GET, HEAD' } };
  }
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
    return { status: 413, detail: 'expected no body' };
  }
  return null;
}

function answer(request: IncomingMessage, response: ServerResponse, status: () => AgentStatus): void {
  const [path] = (request.url ?? '/').split('?', 1);
  switch (path) {
    case '/livez': {
      const stuck = status().loops.find(({ isStuck }) => isStuck);
      if (stuck === undefined) return sendJson(response, 200, { status: 'ok' });
      return sendJson(response, 503, { detail: `the loop "${stuck.name}" is stuck: ${stuck.doing}` });
    }
    case '/readyz': {
      const { state, link, health } = status();
      const isReady = state === 'serving' && link.state === 'up';
      return sendJson(response, isReady ? 200 : 503, { state, link: link.state, message: link.message, health });
    }
    case '/status': {
      response.setHeader('vary', 'accept');
      if (!wantsPage(request.headers.accept)) return sendJson(response, 200, status());
      for (const [name, value] of Object.entries(statusPageHeaders)) response.setHeader(name, value);
      return send(response, 200, 'text/html; charset=utf-8', toStatusPage(status()));
    }
    case '/metrics': {
      const metrics = [...toAgentMetrics(status()), ...readProcessMetrics()];
      return send(response, 200, metricsMediaType, toMetricsText(metrics));
    }
    default:
      return sendJson(response, 404, { detail: 'there are /livez, /readyz, /status and /metrics' });
  }
}

/** What comes behind it on the connection is not read. */
function refuse(response: ServerResponse, { status, detail, headers = {} }: Refusal): void {
  for (const [name, value] of Object.entries({ ...headers, connection: 'close' })) response.setHeader(name, value);
  sendJson(response, status, { detail });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, mediaType: string, body: string): void {
  response.writeHead(status, {
    'content-type': mediaType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
