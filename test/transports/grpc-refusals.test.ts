import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import type { Admission } from '../../transports/credential.ts';
import { HealthCheckRequest, HealthCheckResponse } from '../../transports/grpc/generated/grpc/health/v1/health.ts';
import { controlCodec } from '../../transports/grpc/wire.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { TransportError, type TransportErrorCode } from '../../transports/transport-error.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/turns.ts';
import { credential, forever, listen, startGrpcPlace, transportTo } from './grpc-place.ts';

checkLeaks();

const control = '/farhand.v1.Agents/Control';
const session = '/farhand.v1.Agents/Session';

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** One call as any client of gRPC makes it. Answers headers and trailers together. */
async function call(
  client: ClientHttp2Session,
  path: string,
  { metadata = {}, message = null }: { metadata?: Record<string, string>; message?: Uint8Array | null } = {},
): Promise<Answer> {
  const request = client.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...metadata,
  });
  const headers: Record<string, unknown> = {};
  const body: Buffer[] = [];
  request.on('response', (given) => Object.assign(headers, given));
  request.on('trailers', (given) => Object.assign(headers, given));
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('error', () => {});
  if (message === null) request.end();
  else request.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  await once(request, 'close');
  return { headers, body: Buffer.concat(body) };
}

function dial(port: number): ClientHttp2Session & AsyncDisposable {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  });
}

const authorized = { authorization: 'Farhand agent-1' };

describe('grpc listener: refusals', () => {
  const refusals: Readonly<
    Record<
      string,
      { path: string; metadata?: Record<string, string>; says?: Admission<string>; trailers: Record<string, string> }
    >
  > = {
    'a method that it has not': {
      path: '/farhand.v1.Agents/Other',
      trailers: { 'grpc-status': '12' },
    },
    'a session of no attempt': { path: session, metadata: authorized, trailers: { 'grpc-status': '3' } },
    'a session of a strange attempt': {
      path: session,
      metadata: { ...authorized, 'farhand-attempt': '../x' },
      trailers: { 'grpc-status': '3' },
    },
    'one whom it does not know': {
      path: control,
      says: { type: 'refused', code: 'unauthorized', message: 'who is that? ünbekannt', retryAfterMs: null },
      trailers: { 'grpc-status': '16', 'grpc-message': 'who%20is%20that?%20%C3%BCnbekannt' },
    },
    'one who may not': {
      path: control,
      says: { type: 'refused', code: 'forbidden', message: 'no', retryAfterMs: null },
      trailers: { 'grpc-status': '7' },
    },
    'one who has to prove it': {
      path: control,
      says: { type: 'challenged', challenge: 'abc-_=', message: 'sign this' },
      trailers: { 'grpc-status': '16', 'farhand-challenge': 'abc-_=' },
    },
    'one who is to come later': {
      path: control,
      says: { type: 'refused', code: 'unavailable', message: 'not now', retryAfterMs: 1_234.5 },
      trailers: { 'grpc-status': '14', 'grpc-retry-pushback-ms': '1235' },
    },
  };
  for (const [what, { path, metadata = authorized, says, trailers }] of Object.entries(refusals)) {
    it(`answers ${what} with a status`, async () => {
      await using place = await startGrpcPlace(says === undefined ? undefined : () => Promise.resolve(says));
      await using client = dial(place.port);

      const { headers } = await call(client, path, { metadata });

      assert.deepEqual(Object.fromEntries(Object.keys(trailers).map((name) => [name, headers[name]])), trailers);
    });
  }

  it('asks what was presented, and takes nothing else for it', async () => {
    const asked: (string | null)[] = [];
    await using place = await startGrpcPlace(({ presented }) => {
      asked.push(presented);
      return Promise.resolve({ type: 'refused', code: 'unauthorized', message: '', retryAfterMs: null });
    });
    await using client = dial(place.port);

    for (const authorization of ['Farhand a=b,c', 'Bearer x', 'Farhand', ''])
      await call(client, control, { metadata: { authorization } }).catch(() => {});

    assert.deepEqual(asked.slice(0, 3), ['a=b,c', null, null]);
  });

  it('cuts one that is refused again and again', async () => {
    await using place = await startGrpcPlace(() =>
      Promise.resolve({ type: 'refused', code: 'unauthorized', message: '', retryAfterMs: null }),
    );
    await using client = dial(place.port);

    for (let tries = 0; tries < 4; tries += 1) await call(client, control, { metadata: authorized });

    await until(() => place.open === 0, 'the connection to be gone');
  });

  it('cuts one that says nothing, or opens no call', async () => {
    await using place = await startGrpcPlace();
    const silent = connect(place.port, '127.0.0.1');
    await using client = dial(place.port);
    await once(client, 'remoteSettings');
    await until(() => place.open === 2, 'both to be connected');

    await place.clock.advance(2 * defaultLimits.dialMs);

    await until(() => place.open === 0, 'both connections to be gone');
    silent.destroy();
  });

  it('takes one call on a connection, so that no call delays another', async () => {
    await using place = await startGrpcPlace();
    await using client = dial(place.port);
    const first = client.request({
      ':method': 'POST',
      ':path': control,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...authorized,
    });
    first.on('error', () => {});
    await once(first, 'response');

    const { headers } = await call(client, control, { metadata: authorized });

    assert.equal(headers['grpc-status'], '9');
    assert.equal(first.closed, false);
  });

  it('says something behind the headers of a call that it accepts: nginx keeps them until then', async () => {
    await using place = await startGrpcPlace();
    await using client = dial(place.port);
    const request = client.request({
      ':method': 'POST',
      ':path': control,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...authorized,
    });
    request.on('error', () => {});

    const [headers] = (await once(request, 'response')) as [Record<string, string>];
    const [message] = (await once(request, 'data')) as [Buffer];

    assert.equal(headers['farhand-accepted'], '1');
    assert.deepEqual(controlCodec.decode(message.subarray(5)), { type: 'pong' });
  });

  it('answers those it was still judging when disposed, and cuts who waits for nothing', async () => {
    const asked = Promise.withResolvers<void>();
    await using place = await startGrpcPlace(() => {
      asked.resolve();
      return new Promise(() => {});
    });
    await using client = dial(place.port);
    await using idle = dial(place.port);
    await once(idle, 'remoteSettings');
    const answer = call(client, control, { metadata: authorized });
    await asked.promise;

    const disposed = place.listener[Symbol.asyncDispose]();

    assert.equal((await answer).headers['grpc-status'], '14');
    await disposed;
    await until(() => idle.destroyed, 'the idle one to be cut');
    client.destroy();
    await place.clock.advance(defaultLimits.dialMs);
  });

  it('survives a reset in every moment of the handshake, and frames of no kind', async () => {
    await using place = await startGrpcPlace();
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    for (let bytes = 1; bytes <= preface.length; bytes += 4) {
      const socket = connect(place.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(preface.subarray(0, bytes));
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    const garbling = connect(place.port, '127.0.0.1');
    garbling.on('error', () => {});
    garbling.resume();
    garbling.write(Buffer.concat([preface, Buffer.alloc(1000, 0xff)]));
    await once(garbling, 'close');

    const channel = await transportTo(`grpc://127.0.0.1:${place.port}`).control.connect(credential, {
      signal: forever,
    });
    await channel.close();
  });

  it('survives calls that are made and taken back at once, thousands of them', async () => {
    await using place = await startGrpcPlace();
    await using hostile = dial(place.port);
    for (let calls = 0; calls < 5_000 && !hostile.destroyed && !hostile.closed; calls += 1) {
      try {
        const request = hostile.request({ ':method': 'POST', ':path': control, 'content-type': 'application/grpc' });
        request.on('error', () => {});
        request.close(8);
      } catch {
        break;
      }
      if (calls % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }

    const channel = await transportTo(`grpc://127.0.0.1:${place.port}`).control.connect(credential, {
      signal: forever,
    });
    await channel.close();
  });
});

describe('grpc listener: health', () => {
  const path = '/grpc.health.v1.Health/Check';
  const ask = (service: string) => ({ message: HealthCheckRequest.encode({ service }).finish() });

  for (const service of ['', 'farhand.v1.Agents']) {
    it(`says that ${service === '' ? 'the hub' : service} serves, to whoever asks`, async () => {
      await using place = await startGrpcPlace();
      await using client = dial(place.port);

      const { headers, body } = await call(client, path, ask(service));

      assert.equal(headers['grpc-status'], '0');
      assert.deepEqual(HealthCheckResponse.decode(body.subarray(5)), { status: 1 });
    });
  }

  it('knows no other service', async () => {
    await using place = await startGrpcPlace();
    await using client = dial(place.port);

    assert.equal((await call(client, path, ask('other'))).headers['grpc-status'], '5');
  });
});

describe('grpc transport: addresses', () => {
  it('takes grpc and grpcs, and no path', () => {
    assert.throws(() => transportTo('ws://hub'), /expected a grpc or grpcs address/);
    assert.throws(() => transportTo('grpc://hub/far/hand'), /expected an address without a path/);
    assert.throws(() => transportTo('hub:8080'), TypeError);
  });
});

describe('grpc transport: what is no hub', () => {
  const page = (status: string) => `HTTP/1.1 ${status}\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<h1>`;
  const answers: Readonly<
    Record<string, { readonly answer: string; readonly code: TransportErrorCode; readonly says: RegExp }>
  > = {
    'a web server': {
      answer: page('400 Bad Request'),
      code: 'refused',
      says: /got something else.*check FARHAND_HUB_URL/,
    },
    'no HTTP at all': { answer: 'SSH-2.0-OpenSSH_9.6\r\n', code: 'refused', says: /got something else/ },
    'nothing but the end': { answer: '', code: 'unreachable', says: /ended the connection before it said anything/ },
  };
  for (const [what, { answer, code, says }] of Object.entries(answers)) {
    it(`says so for ${what}`, async () => {
      await using server = await listen((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          if (answer === '') socket.end();
          else socket.write(answer);
        });
      });

      await assert.rejects(
        transportTo(`grpc://127.0.0.1:${server.port}`).control.connect(credential, { signal: forever }),
        (error) => {
          assert.ok(error instanceof TransportError, String(error));
          assert.equal(error.code, code, error.message);
          assert.match(error.message, says);
          return true;
        },
      );
      await until(() => server.open === 0, 'the connection to be gone');
    });
  }

  const statuses: readonly (readonly [number, TransportErrorCode, RegExp])[] = [
    [401, 'unauthorized', /does not accept the credential/],
    [404, 'refused', /expected gRPC of a hub/],
    [503, 'refused', /takes nobody now/],
  ];
  for (const [status, code, says] of statuses) {
    it(`says so for a proxy that answers ${status} in HTTP/2`, async () => {
      const http2 = createHttp2Server((_request, response) => {
        response.writeHead(status, { 'content-type': 'text/html' });
        response.end('<h1>');
      });
      await using server = await listen((socket) => http2.emit('connection', socket));

      await assert.rejects(
        transportTo(`grpc://127.0.0.1:${server.port}`).control.connect(credential, { signal: forever }),
        (error) => {
          assert.ok(error instanceof TransportError, String(error));
          assert.equal(error.code, code, error.message);
          assert.match(error.message, says);
          return true;
        },
      );
      await until(() => server.open === 0, 'the connection to be gone');
    });
  }

  it('says so for a port without TLS', async () => {
    const http = createHttpServer();
    await using server = await listen((socket) => http.emit('connection', socket));

    await assert.rejects(
      transportTo(`grpcs://127.0.0.1:${server.port}`).control.connect(credential, { signal: forever }),
      { code: 'refused', message: /no TLS connection/ },
    );
    await until(() => server.open === 0, 'the connection to be gone');
  });

  it('is unreachable where the name leads nowhere', async () => {
    await assert.rejects(transportTo('grpc://hub.invalid:7400').control.connect(credential, { signal: forever }), {
      code: 'unreachable',
    });
  });

  // grpc-js leaves such a socket open until the other side ends it: closing its client does not cut it.
  it('gives up one who takes the connection and says nothing, and leaves no socket behind', async () => {
    await using server = await listen((socket) => {
      socket.resume();
      socket.on('error', () => {});
    });
    const clock = createVirtualClock();
    const { control: dialled } = transportTo(`grpc://127.0.0.1:${server.port}`, clock);

    const refused = assert.rejects(dialled.connect(credential, { signal: forever }), {
      code: 'unreachable',
      message: /within 15 s/,
    });
    await until(() => server.open === 1, 'a connection');
    await clock.advance(defaultLimits.dialMs);
    await refused;
    await until(() => server.open === 0, 'the connection to be gone');

    for (let dials = 0; dials < 20; dials += 1) {
      const abort = new AbortController();
      const given = assert.rejects(dialled.connect(credential, { signal: abort.signal }), { code: 'aborted' });
      await until(() => server.open === 1, 'a connection');
      abort.abort();
      await given;
      await until(() => server.open === 0, 'the connection to be gone');
    }
  });
});
