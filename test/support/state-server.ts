import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that keeps one state with its lock, as the backend "http" of OpenTofu and Terraform speaks to. */
export interface StateServer extends AsyncDisposable {
  readonly url: string;
  /** What its holder said of itself; null while it is free. */
  readonly lock: string | null;
  /** From now on no new state is taken. */
  refuseWrites(): void;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export async function createStateServer(): Promise<StateServer> {
  let state: string | null = null;
  let lock: string | null = null;
  let takesStates = true;

  function answer(method: string, body: string): readonly [status: number, text: string] {
    switch (method) {
      case 'LOCK':
        if (lock !== null) return [423, lock];
        lock = body;
        return [200, ''];
      case 'UNLOCK':
        lock = null;
        return [200, ''];
      case 'POST':
        if (!takesStates) return [500, ''];
        state = body;
        return [200, ''];
      default:
        return state === null ? [404, ''] : [200, state];
    }
  }

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const [status, text] = answer(request.method ?? '', body);
      response.writeHead(status, { connection: 'close' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lock() {
      return lock;
    },
    refuseWrites() {
      takesStates = false;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
