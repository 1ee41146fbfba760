import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { describe, it } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { ConnectionRefusal } from '../../../hub/listeners/connection-refusal.ts';
import { switchConnections } from '../../../hub/listeners/connection-switch.ts';
import { createTlsHandshakes } from '../../../hub/listeners/tls-handshakes.ts';
import { TlsKeeper } from '../../../hub/tls/tls-keeper.ts';
import type { ClientCertificates } from '../../../hub/tls/tls-options.ts';
import { Strangers } from '../../../runtime/listening/strangers.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createTlsFolder } from '../../support/tls-folder.ts';
import { until } from '../../support/turns.ts';

checkLeaks();

const patienceMs = 1_000;

/** One port with TLS: HTTP/1 answers `one` with the path, HTTP/2 answers `two`. */
async function startPort({
  clientCertificates = 'none',
  maxStrangers = 100,
}: {
  readonly clientCertificates?: ClientCertificates;
  readonly maxStrangers?: number;
} = {}) {
  const folder = createTlsFolder({ clientCertificates });
  const clock = createVirtualClock();
  const keeper = await TlsKeeper.open({
    files: folder.files,
    clock,
    loops: createLoopBoard(clock),
    logger: silentLogger,
  });
  const refused: [ConnectionRefusal, string | undefined][] = [];
  const http1: Server = createServer((incoming, response) => response.end(`one ${incoming.url}`));
  const http2 = createHttp2Server((_request, response) => response.end('two'));
  const strangers = new Strangers({
    most: maxStrangers,
    mostOfOne: maxStrangers,
    isShared: () => true,
    onCut: (crowd, remote) => refused.push([crowd, remote]),
  });
  const switching = switchConnections(http1, {
    http2: (socket) => http2.emit('connection', socket),
    tls: createTlsHandshakes(keeper),
    strangers,
    refusals: { refused: (reason, remote) => refused.push([reason, remote]) },
    clock,
    patienceMs,
    logger: silentLogger,
  });
  let open = 0;
  http1.on('connection', (socket) => {
    open += 1;
    socket.on('close', () => {
      open -= 1;
    });
  });
  http1.listen(0, '127.0.0.1');
  await once(http1, 'listening');
  const { port } = http1.address() as AddressInfo;
  const trust = { port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(folder.authority.path) };
  return {
    port,
    trust,
    folder,
    keeper,
    clock,
    refused,
    get open() {
      return open;
    },
    /** What the port says to a request, and its certificate's serial number. */
    get: (path: string, options: ConnectionOptions = {}) => get({ ...trust, ...options, path }),
    async [Symbol.asyncDispose]() {
      switching[Symbol.dispose]();
      http1.close();
      http1.closeAllConnections();
      await once(http1, 'close');
      await keeper[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
      assert.equal(clock.pending, 0, 'a timer was left');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly serial: string;
}

async function get(options: ConnectionOptions & { readonly path: string }): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ ...options, agent: false }, (response) => {
    const serial = (response.socket as TLSSocket).getPeerX509Certificate()?.serialNumber ?? '';
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body, serial }));
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

/** Begins TLS and answers what the handshake came to: a protocol, or the code of the error. */
async function shake(options: ConnectionOptions): Promise<string | false | null> {
  const { promise, resolve } = Promise.withResolvers<string | false | null>();
  const socket = connectTls(options, () => resolve(socket.alpnProtocol));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  const came = await promise;
  socket.destroy();
  return came;
}

/** Sends this and answers all that comes back until the end. */
async function talk(port: number, said: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.write(said);
  await closed;
  return answer;
}

async function ask(authority: string, options: ConnectionOptions = {}): Promise<IncomingHttpHeaders> {
  const client = connectHttp2(authority, options);
  const stream = client.request({ ':path': '/farhand.v1.Agents/Control', ':method': 'POST' });
  const answered = once(stream, 'response') as Promise<[IncomingHttpHeaders]>;
  stream.resume();
  const [headers] = await answered;
  if (!stream.closed) await once(stream, 'close');
  client.close();
  if (!client.closed) await once(client, 'close');
  return headers;
}

describe('one port for HTTP/1 and HTTP/2, with TLS', () => {
  it('answers HTTP/1 to who asks for it, or for nothing', async () => {
    await using port = await startPort();

    assert.deepEqual(
      [(await port.get('/a')).body, (await port.get('/b', { ALPNProtocols: [] })).body],
      ['one /a', 'one /b'],
    );
  });

  it('answers HTTP/1 to who would take either, as kubelet, curl and browsers do: what is not gRPC is there alone', async () => {
    await using port = await startPort();

    assert.equal(await shake({ ...port.trust, ALPNProtocols: ['h2', 'http/1.1'] }), 'http/1.1');
    assert.equal(await shake({ ...port.trust, ALPNProtocols: ['h2'] }), 'h2');
  });

  it('answers HTTP/2 to who asks for it', async () => {
    await using port = await startPort();

    const headers = await ask(`https://localhost:${port.port}`, { ca: port.trust.ca });

    assert.equal(headers[':status'], 200);
    assert.equal(headers['grpc-status'], undefined);
  });

  it('lets in no version before 1.2, and says so by an alert', async () => {
    await using port = await startPort();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;

    const came = await shake({ ...port.trust, ...old });

    assert.equal(came, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    await until(() => port.refused.length > 0, 'a refusal');
    assert.deepEqual(port.refused, [['handshake', '127.0.0.1']]);
  });

  it('says by an alert that it speaks none of the protocols that are offered', async () => {
    await using port = await startPort();

    assert.equal(
      await shake({ ...port.trust, ALPNProtocols: ['mqtt'] }),
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    );
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`resumes no session of ${version}`, async () => {
      await using port = await startPort();
      const only = { ...port.trust, minVersion: version, maxVersion: version };
      const first = connectTls(only);
      let session: Buffer | undefined;
      first.on('session', (given) => {
        session = given;
      });
      first.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await once(first, 'data');
      first.destroy();

      const second = connectTls({ ...only, session: session ?? first.getSession() });
      await once(second, 'secureConnect');
      const isReused = second.isSessionReused();
      second.destroy();

      assert.equal(isReused, false);
    });
  }

  it('answers HTTP/1 in plaintext with a sentence', async () => {
    await using port = await startPort();

    const answer = await talk(
      port.port,
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\n\r\n${'x'.repeat(100_000)}`,
    );

    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n.*"code":"tls-needed".*this port speaks TLS/s);
    assert.deepEqual(port.refused, [['plaintext', '127.0.0.1']]);
  });

  it('answers gRPC in plaintext with a status', async () => {
    await using port = await startPort();

    const headers = await ask(`http://localhost:${port.port}`);

    assert.equal(headers['grpc-status'], '9');
    assert.match(decodeURIComponent(String(headers['grpc-message'])), /this port speaks TLS/);
    assert.deepEqual(port.refused, [['plaintext', '127.0.0.1']]);
  });

  it('hangs up on what is neither', async () => {
    await using port = await startPort();

    assert.equal(await talk(port.port, 'get / http/1.1\r\n\r\n'), '');
    assert.equal(await talk(port.port, Buffer.from([0x16, 0x58, 0x59, 0x5a, 0, 0, 0, 0, 0, 0, 0, 0])), '');
    assert.deepEqual(
      port.refused.map(([reason]) => reason),
      ['handshake', 'handshake'],
    );
  });

  it('cuts a handshake that takes too long, however busy it looks', async () => {
    await using port = await startPort();
    // A record of 512 bytes that begins a ClientHello and comes in drops.
    const socket = connect(port.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
    await until(() => port.open === 1, 'the connection');
    for (let drops = 0; drops < 3; drops += 1) {
      await port.clock.advance(patienceMs / 4);
      socket.write(Buffer.from([7]));
    }

    await port.clock.advance(patienceMs / 4);
    await until(() => port.open === 0, 'the connection to be cut');

    assert.deepEqual(port.refused, [['timeout', '127.0.0.1']]);
  });

  it('cuts the handshake that has taken longest when there are too many', async () => {
    await using port = await startPort({ maxStrangers: 2 });
    const idle = [connect(port.port, '127.0.0.1'), connect(port.port, '127.0.0.1')];
    for (const socket of idle) socket.write(Buffer.from([0x16, 3]));
    await until(() => port.open === 2, 'both connections');

    assert.equal((await port.get('/a')).body, 'one /a');
    assert.deepEqual(
      port.refused.map(([reason]) => reason),
      ['crowded'],
    );
    for (const socket of idle) socket.destroy();
  });

  it('bears those who leave in the handshake', async () => {
    await using port = await startPort();
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = connect(port.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(Buffer.from([0x16, 3, 1, 2, 0]));
      await until(() => port.open === 1, 'the connection');
      socket[leave]();
      await until(() => port.open === 0, 'the connection to be gone');
    }

    assert.equal((await port.get('/a')).body, 'one /a');
  });

  it('counts a client that says by an alert that it does not take the certificate', async () => {
    await using port = await startPort();
    const trusted = port.folder.clientAuthority.path;
    const client = spawn(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port.port}`, '-CAfile', trusted, '-verify_return_error'],
      { stdio: 'ignore' },
    );

    const [code] = (await once(client, 'exit')) as [number];

    assert.equal(code, 1);
    await until(() => port.refused.length > 0, 'a refusal');
    assert.deepEqual(port.refused, [['certificate-refused', '127.0.0.1']]);
  });

  it('uses new files for new connections, and leaves those that are open alone', async () => {
    await using port = await startPort();
    const before = connectTls(port.trust);
    await once(before, 'secureConnect');
    const { serial } = await port.get('/a');

    port.folder.write(port.folder.authority.issue({ names: 'DNS:localhost', days: 50 }));
    await port.keeper.look();

    const after = await port.get('/b');
    before.write('GET /c HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    const [said] = (await once(before, 'data')) as [Buffer];
    before.destroy();
    assert.notEqual(after.serial, serial);
    assert.match(said.toString(), /one \/c/);
  });
});

describe('certificates of clients', () => {
  async function startWith(clientCertificates: ClientCertificates) {
    const port = await startPort({ clientCertificates });
    const { authority, clientAuthority } = port.folder;
    const names = 'URI:farhand:agent:default/a1';
    return Object.assign(port, {
      good: clientAuthority.issue({ names, days: 1 }),
      bad: {
        expired: clientAuthority.issue({ names, days: -1 }),
        untrusted: authority.issue({ names, days: 1 }),
        invalid: clientAuthority.issue({ names, days: 1, usage: 'serverAuth' }),
      },
    });
  }

  for (const mode of ['optional', 'required'] as const) {
    it(`lets one in that is good, where they are ${mode}`, async () => {
      await using port = await startWith(mode);

      assert.equal((await port.get('/a', port.good)).body, 'one /a');
      const headers = await ask(`https://localhost:${port.port}`, { ca: port.trust.ca, ...port.good });
      assert.equal(headers[':status'], 200);
      assert.deepEqual(port.refused, []);
    });

    it(`tells who shows one that is no good why it is not, where they are ${mode}`, async () => {
      await using port = await startWith(mode);

      for (const [why, pair] of Object.entries(port.bad)) {
        const answer = await port.get('/a', pair);
        assert.equal(answer.status, 403, why);
        assert.match(answer.body, /"code":"client-certificate-invalid"/);
        const headers = await ask(`https://localhost:${port.port}`, { ca: port.trust.ca, ...pair });
        assert.equal(headers['grpc-status'], '16');
        const reason = `client-certificate-${why}`;
        assert.deepEqual(port.refused.splice(0), [
          [reason, '127.0.0.1'],
          [reason, '127.0.0.1'],
        ]);
      }
    });
  }

  it('lets one in without where they are optional', async () => {
    await using port = await startWith('optional');

    assert.equal((await port.get('/a')).body, 'one /a');
  });

  it('lets nobody in without where they are required', async () => {
    await using port = await startWith('required');

    const answer = await port.get('/a');
    const headers = await ask(`https://localhost:${port.port}`, { ca: port.trust.ca });

    assert.equal(answer.status, 403);
    assert.match(answer.body, /"code":"client-certificate-needed"/);
    assert.equal(headers['grpc-status'], '16');
    assert.deepEqual(
      port.refused.map(([reason]) => reason),
      ['client-certificate-missing', 'client-certificate-missing'],
    );
  });

  it('takes those of another CA when its file changed, and those of the old one no more', async () => {
    await using port = await startWith('required');
    const { authority, clientAuthority } = port.folder;

    writeFileSync(clientAuthority.path, readFileSync(authority.path));
    await port.keeper.look();

    assert.equal((await port.get('/a', port.good)).status, 403);
    assert.equal((await port.get('/a', port.bad.untrusted)).status, 200);
  });
});
