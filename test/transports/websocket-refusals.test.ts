import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import type { Admission, Authenticate, Credential } from '../../transports/credential.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { TransportError, type TransportErrorCode } from '../../transports/transport-error.ts';
import { createWebsocketListener, type WebsocketListener } from '../../transports/websocket/listener.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/turns.ts';

checkLeaks();

const credential: Credential = { present: () => Promise.resolve('agent-1') };
const forever = new AbortController().signal;
const admitted: Admission<string> = { type: 'admitted', principal: 'agent-1' };

interface Running extends AsyncDisposable {
  readonly port: number;
}

async function listen(server: Server | TcpServer): Promise<Running> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

async function startListener(
  options: { readonly authenticate?: Authenticate<string>; readonly pathPrefix?: string } = {},
): Promise<Running & { readonly listener: WebsocketListener<string> }> {
  const listener = createWebsocketListener({
    authenticate: options.authenticate ?? (() => Promise.resolve(admitted)),
    clock: createVirtualClock(),
    limits: defaultLimits,
    logger: silentLogger,
    pathPrefix: options.pathPrefix,
  });
  const server = createHttpServer();
  listener.attach(server);
  const running = await listen(server);
  return {
    port: running.port,
    listener,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    },
  };
}

function transportTo(url: string) {
  return createWebsocketTransport({ url, clock: createVirtualClock(), limits: defaultLimits, logger: silentLogger });
}

/** Sends bytes and answers all that comes back until the end. */
async function talk(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return said;
}

function upgradeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    host: 'hub',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'cloudevents.json',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

describe('websocket listener: refusals', () => {
  const refusals = {
    'an unknown path': { text: upgradeRequest('/v1/other'), status: 404, code: 'not-found' },
    'a session of no attempt': { text: upgradeRequest('/v1/sessions/../x'), status: 404, code: 'not-found' },
    'another subprotocol': {
      text: upgradeRequest('/v1/control', { 'sec-websocket-protocol': 'chat' }),
      status: 400,
      code: 'header-invalid',
    },
    'another upgrade': {
      text: upgradeRequest('/v1/control', { upgrade: 'h2c' }),
      status: 426,
      code: 'upgrade-required',
    },
    'one that speaks before it was answered': {
      text: `${upgradeRequest('/v1/control')}early`,
      status: 422,
      code: 'request-invalid',
    },
  };
  for (const [what, { text, status, code }] of Object.entries(refusals)) {
    it(`answers ${what} with ${status} and a problem`, async () => {
      await using running = await startListener();

      const answer = await talk(running.port, text);

      const [head = '', body = ''] = answer.split('\r\n\r\n');
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(head, /content-type: application\/problem\+json/);
      const problem: unknown = JSON.parse(body);
      assert.ok(typeof problem === 'object' && problem !== null && 'code' in problem && 'status' in problem);
      assert.equal(problem.code, code);
      assert.equal(problem.status, status);
    });
  }

  it('hands out a challenge with the 401', async () => {
    const challenged: Admission<string> = { type: 'challenged', challenge: 'abc-_=', message: 'sign this' };
    await using running = await startListener({ authenticate: () => Promise.resolve(challenged) });

    const answer = await talk(running.port, upgradeRequest('/v1/control'));

    assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n/);
    assert.match(answer, /\r\nwww-authenticate: Farhand challenge="abc-_="\r\n/);
  });

  it('drops one that speaks while its credential is checked', async () => {
    const asked = Promise.withResolvers<void>();
    const decision = Promise.withResolvers<Admission<string>>();
    await using running = await startListener({
      authenticate() {
        asked.resolve();
        return decision.promise;
      },
    });
    const socket = connect(running.port, '127.0.0.1');
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    const gone = new Promise((resolve) => socket.once('close', resolve));

    socket.write(upgradeRequest('/v1/control'));
    await asked.promise;
    socket.write('x'.repeat(100_000));
    await gone;

    assert.equal(said, '');
    decision.resolve(admitted);
  });

  it('answers those it was still judging with 503 when disposed', async () => {
    const asked = Promise.withResolvers<void>();
    await using running = await startListener({
      authenticate() {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const answer = talk(running.port, upgradeRequest('/v1/control'));
    await asked.promise;

    await running.listener[Symbol.asyncDispose]();

    assert.match(await answer, /^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/);
  });

  it('survives a reset in every moment of the handshake', async () => {
    await using running = await startListener();
    for (let bytes = 1; bytes < 200; bytes += 20) {
      const socket = connect(running.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(upgradeRequest('/v1/control').slice(0, bytes));
      socket.resetAndDestroy();
      await once(socket, 'close');
    }

    const channel = await transportTo(`http://127.0.0.1:${running.port}`).control.connect(credential, {
      signal: forever,
    });
    await channel.close();
  });
});

describe('websocket transport: addresses', () => {
  for (const scheme of ['ws', 'http']) {
    for (const path of ['/far/hand', '/far/hand/']) {
      it(`dials ${scheme}://…${path} under its path`, async () => {
        await using running = await startListener({ pathPrefix: '/far/hand' });
        const { control } = transportTo(`${scheme}://127.0.0.1:${running.port}${path}`);

        const channel = await control.connect(credential, { signal: forever });
        await channel.close();

        await assert.rejects(
          transportTo(`${scheme}://127.0.0.1:${running.port}`).control.connect(credential, { signal: forever }),
          { code: 'refused' },
        );
      });
    }
  }

  it('takes no address of another scheme', () => {
    assert.throws(() => transportTo('mqtt://hub'), /expected a ws, wss, http or https address/);
    assert.throws(() => transportTo('hub:8080'), TypeError);
  });
});

describe('websocket transport: what is no hub', () => {
  const answers: Readonly<
    Record<
      string,
      {
        readonly answer: string;
        readonly code: TransportErrorCode;
        readonly says: RegExp;
        readonly retryAfterMs?: number;
      }
    >
  > = {
    'a web page': {
      answer: 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<h1>',
      code: 'refused',
      says: /got 200 OK; check FARHAND_HUB_URL/,
    },
    'a body without end': {
      answer: `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(100_000)}`,
      code: 'refused',
      says: /got 200 OK/,
    },
    'a redirection': {
      answer: 'HTTP/1.1 302 Found\r\nlocation: https://elsewhere/\r\ncontent-length: 0\r\n\r\n',
      code: 'refused',
      says: /got 302 Found to https:\/\/elsewhere\//,
    },
    'a proxy without a backend': {
      answer: 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n',
      code: 'refused',
      says: /got 502 Bad Gateway/,
    },
    'one who is overloaded': {
      answer: 'HTTP/1.1 503 Service Unavailable\r\nretry-after: 20\r\ncontent-length: 0\r\n\r\n',
      code: 'refused',
      says: /takes nobody now/,
      retryAfterMs: 20_000,
    },
    'one who is overloaded until a date': {
      answer:
        'HTTP/1.1 429 Too Many Requests\r\nretry-after: Thu, 01 Jan 2026 00:01:00 GMT\r\ncontent-length: 0\r\n\r\n',
      code: 'refused',
      says: /takes nobody now/,
      retryAfterMs: 60_000,
    },
    'one who wants another scheme': {
      answer: 'HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm="x"\r\ncontent-length: 0\r\n\r\n',
      code: 'unauthorized',
      says: /does not accept the credential/,
    },
    'no HTTP at all': { answer: 'SSH-2.0-OpenSSH_9.6\r\n', code: 'refused', says: /got something else/ },
    'an upgrade to something else': {
      answer: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: Upgrade\r\n\r\n',
      code: 'refused',
      says: /Upgrade header/,
    },
    'a websocket that did not read the key': {
      answer:
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: x\r\n\r\n',
      code: 'refused',
      says: /Sec-WebSocket-Accept/,
    },
    'nothing but the end': { answer: '', code: 'unreachable', says: /ended the connection before it said anything/ },
  };
  for (const [what, { answer, code, says, retryAfterMs }] of Object.entries(answers)) {
    it(`says so for ${what}`, async () => {
      let open = 0;
      const server = createTcpServer((socket) => {
        open += 1;
        socket.on('error', () => {});
        socket.on('close', () => {
          open -= 1;
        });
        socket.once('data', () => {
          if (answer === '') socket.end();
          else socket.write(answer);
        });
      });
      await using running = await listen(server);
      const { control } = transportTo(`ws://127.0.0.1:${running.port}`);

      await assert.rejects(control.connect(credential, { signal: forever }), (error) => {
        assert.ok(error instanceof TransportError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, says);
        assert.equal(error.retryAfterMs, retryAfterMs ?? null);
        return true;
      });
      await until(() => open === 0, 'the connection to be gone');
    });
  }

  it('says so for a websocket of another protocol', async () => {
    const websockets = new WebSocketServer({ noServer: true, handleProtocols: () => false });
    const server = createHttpServer();
    server.on('upgrade', (request, socket, head) => websockets.handleUpgrade(request, socket, head, () => {}));
    await using running = await listen(server);

    await assert.rejects(
      transportTo(`ws://127.0.0.1:${running.port}`).control.connect(credential, { signal: forever }),
      { code: 'refused', message: /no subprotocol/ },
    );
  });

  it('says so for a port without TLS', async () => {
    await using running = await listen(createHttpServer());

    await assert.rejects(
      transportTo(`wss://127.0.0.1:${running.port}`).control.connect(credential, { signal: forever }),
      { code: 'refused', message: /no TLS connection/ },
    );
  });

  it('gives up one who takes the connection and says nothing', async () => {
    let open = 0;
    const accepted = Promise.withResolvers<void>();
    const server = createTcpServer((socket) => {
      open += 1;
      socket.resume();
      socket.on('error', () => {});
      socket.on('close', () => {
        open -= 1;
      });
      accepted.resolve();
    });
    await using running = await listen(server);
    const clock = createVirtualClock();
    const url = `ws://127.0.0.1:${running.port}`;
    const { control } = createWebsocketTransport({ url, clock, limits: defaultLimits, logger: silentLogger });

    const refused = assert.rejects(control.connect(credential, { signal: forever }), {
      code: 'unreachable',
      message: /within 15 s/,
    });
    await accepted.promise;
    await clock.advance(defaultLimits.dialMs);

    await refused;
    await until(() => open === 0, 'the connection to be gone');
  });

  it('is unreachable where the name leads nowhere', async () => {
    await assert.rejects(transportTo('ws://hub.invalid').control.connect(credential, { signal: forever }), {
      code: 'unreachable',
    });
  });
});
