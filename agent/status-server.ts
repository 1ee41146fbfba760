import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsMediaType, toMetricsText } from '../runtime/metrics-text.ts';
import { readProcessMetrics } from '../runtime/process-metrics.ts';
import { statusPageHeaders, wantsPage } from '../runtime/status-html.ts';
import { toAgentMetrics } from './agent-metrics.ts';
import type { AgentStatus } from './agent-status.ts';
import { toStatusPage } from './status-page.ts';

export interface StatusServer extends AsyncDisposable {
  /** `http://127.0.0.1:9400` */
  readonly address: string;
}

/**
 * Serves what probes and people ask of an agent: `/livez` (the process answers, and none of its
 * loops is stuck: 503 otherwise), `/readyz` (it takes jobs: 503 otherwise), `/status`
 * (JSON, or a page for a browser) and `/metrics` (Prometheus). Reading only, without authentication: whoever reaches the address may read it.
 * Rejects with what `listen` says.
 */
export async function startStatusServer(options: {
  readonly listen: { readonly host: string; readonly port: number };
  readonly status: () => AgentStatus;
}): Promise<StatusServer> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answerJson(response, 405, { detail: 'only GET' });
    if (path === '/livez') {
      const stuck = options.status().loops.find(({ isStuck }) => isStuck);
      if (stuck === undefined) return answerJson(response, 200, { status: 'ok' });
      return answerJson(response, 503, { detail: `the loop "${stuck.name}" is stuck: ${stuck.doing}` });
    }
    if (path === '/status') {
      response.setHeader('vary', 'accept');
      if (!wantsPage(request.headers.accept)) return answerJson(response, 200, options.status());
      for (const [name, value] of Object.entries(statusPageHeaders)) response.setHeader(name, value);
      return answer(response, 200, 'text/html; charset=utf-8', toStatusPage(options.status()));
    }
    if (path === '/metrics') {
      const metrics = [...toAgentMetrics(options.status()), ...readProcessMetrics()];
      return answer(response, 200, metricsMediaType, toMetricsText(metrics));
    }
    if (path === '/readyz') {
      const { state, link, health } = options.status();
      const isReady = state === 'serving' && link.state === 'up';
      return answerJson(response, isReady ? 200 : 503, { state, link: link.state, message: link.message, health });
    }
    return answerJson(response, 404, { detail: 'there are /livez, /readyz, /status and /metrics' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  answer(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

function answer(response: ServerResponse, status: number, mediaType: string, body: string): void {
  response.writeHead(status, {
    'content-type': mediaType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
