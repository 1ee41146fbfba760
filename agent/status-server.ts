import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentStatus } from './agent-status.ts';

export interface StatusServer extends AsyncDisposable {
  /** `http://127.0.0.1:9400` */
  readonly address: string;
}

/**
 * Serves what probes and people ask of an agent: `/livez` (the process answers), `/readyz` (it takes jobs: 503 otherwise) and `/status`
 * (JSON). Reading only, without authentication: whoever reaches the address may read it. Rejects with what `listen` says.
 */
export async function startStatusServer(options: {
  readonly listen: { readonly host: string; readonly port: number };
  readonly status: () => AgentStatus;
}): Promise<StatusServer> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { detail: 'only GET' });
    if (path === '/livez') return answer(response, 200, { status: 'ok' });
    if (path === '/status') return answer(response, 200, options.status());
    if (path === '/readyz') {
      const { state, link, health } = options.status();
      const isReady = state === 'serving' && link.state === 'up';
      return answer(response, isReady ? 200 : 503, { state, link: link.state, message: link.message, health });
    }
    return answer(response, 404, { detail: 'there are /livez, /readyz and /status' });
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

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
