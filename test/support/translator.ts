import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

type Message = Readonly<Record<string, unknown>>;

/** What becomes of what one side says on its way to the other: `up` is from the agent. */
export interface Translation {
  readonly event: (message: Message, direction: 'up' | 'down') => readonly Message[];
  readonly frame: (message: Message, direction: 'up' | 'down') => readonly Message[];
  /** Bodies of the enrolment. */
  readonly body: (message: Message, direction: 'up' | 'down') => Message;
}

/** Stands between a real hub and a real agent and speaks to each as a peer of another version would. */
export interface Translator extends AsyncDisposable {
  readonly port: number;
  /** Messages that were translated. */
  readonly translated: { readonly event: number; readonly frame: number };
}

function read(text: string): Message {
  return JSON.parse(text) as Message;
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export async function startTranslator(targetPort: number, translation: Translation): Promise<Translator> {
  const translated = { event: 0, frame: 0 };
  const sockets = new Set<WebSocket>();
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
  const server = createServer((asked, answer) => void forward(asked, answer).catch(() => answer.destroy()));
  server.on('upgrade', (asked, socket, head) => join(asked, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function forward(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = Buffer.from(JSON.stringify(translation.body(read(await collect(asked)), 'up')));
    const headers = { ...asked.headers, 'content-length': String(body.length) };
    const { method, url: path } = asked;
    const forwarded = request({ host: '127.0.0.1', port: targetPort, method, path, headers, agent: false });
    forwarded.end(body);
    const [came] = (await once(forwarded, 'response')) as [IncomingMessage];
    const text = JSON.stringify(translation.body(read(await collect(came)), 'down'));
    const isProblem = (came.statusCode ?? 0) >= 400;
    answer.writeHead(came.statusCode ?? 502, {
      'content-type': isProblem ? 'application/problem+json' : 'application/json',
    });
    answer.end(text);
  }

  function join(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { authorization = '', 'sec-websocket-protocol': protocol = '' } = asked.headers;
    const far = new WebSocket(`ws://127.0.0.1:${targetPort}${asked.url}`, protocol, {
      headers: authorization === '' ? {} : { authorization },
      perMessageDeflate: false,
    });
    sockets.add(far);
    far.on('close', () => sockets.delete(far));
    far.on('error', () => socket.destroy());
    far.on('unexpected-response', (_, refusal) => void relay(refusal, socket, far));
    // What the hub says at once waits until the agent listens.
    const early: [Buffer, boolean][] = [];
    const keep = (data: Buffer, binary: boolean) => void early.push([data, binary]);
    far.on('message', keep);
    far.on('open', () => {
      upgrades.handleUpgrade(asked, socket, head, (near) => {
        sockets.add(near);
        near.on('close', () => sockets.delete(near));
        const kind = protocol === 'cloudevents.json' ? 'event' : 'frame';
        far.off('message', keep);
        for (const [data, binary] of early) say(near, kind, 'down', data, binary);
        far.on('message', (data: Buffer, binary) => say(near, kind, 'down', data, binary));
        near.on('message', (data: Buffer, binary) => say(far, kind, 'up', data, binary));
        link(near, far);
        link(far, near);
      });
    });
  }

  /** A log travels as binary messages, which have one form only. */
  function say(to: WebSocket, kind: 'event' | 'frame', direction: 'up' | 'down', data: Buffer, binary: boolean): void {
    if (binary) return to.send(data, { binary });
    translated[kind] += 1;
    for (const message of translation[kind](read(data.toString('utf8')), direction)) to.send(JSON.stringify(message));
  }

  return {
    port: (server.address() as AddressInfo).port,
    translated,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function link(from: WebSocket, to: WebSocket): void {
  from.on('close', (code, reason) => {
    const isWord = code >= 1000 && ![1004, 1005, 1006, 1015].includes(code);
    if (isWord) to.close(code, reason);
    else to.terminate();
  });
  from.on('error', () => to.terminate());
}

async function relay(refusal: IncomingMessage, socket: Duplex, far: WebSocket): Promise<void> {
  const body = await collect(refusal);
  const names = ['www-authenticate', 'content-type', 'retry-after'];
  const headers = names.flatMap((name) =>
    refusal.headers[name] === undefined ? [] : [`${name}: ${String(refusal.headers[name])}`],
  );
  const head = [`HTTP/1.1 ${refusal.statusCode} ${refusal.statusMessage}`, ...headers, 'connection: close'];
  socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  far.terminate();
}
