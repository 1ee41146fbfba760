import { type IncomingMessage, request as requestHttp } from 'node:http';
import type { Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The first bytes of the body. */
  readonly body: string;
}

const maxBodyBytes = 64 * 1024;

/**
 * One GET without any secret, on a connection that is there and of no use afterwards. Rejects with what the system says, and when `timeoutMs`
 * is over.
 */
export function exchange(
  url: URL,
  options: {
    readonly connection: Socket;
    readonly headers?: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
  },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = requestHttp({
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: { host: url.host, ...options.headers },
      createConnection: () => options.connection,
    });
    const timer = setTimeout(
      () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
      options.timeoutMs,
    );
    const settle = (end: () => void) => {
      clearTimeout(timer);
      end();
      request.destroy();
    };
    request.on('error', (error) => settle(() => reject(error)));
    request.on('upgrade', ({ statusCode, headers }) =>
      settle(() => resolve({ status: statusCode ?? 0, headers, body: '' })),
    );
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = () => {
        const body = Buffer.concat(chunks).toString('utf8');
        settle(() => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBodyBytes) finish();
      });
      response.on('end', finish);
      response.on('error', finish);
    });
    request.end();
  });
}
