import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { ConnectionRefusal } from '../../../hub/listeners/connection-refusal.ts';
import { switchConnections } from '../../../hub/listeners/connection-switch.ts';
import { Strangers } from '../../../runtime/listening/strangers.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { turn, until } from '../../support/turns.ts';

checkLeaks();

const patienceMs = 1_000;

/** One port: HTTP/1 answers `one` with what it was sent, HTTP/2 answers `two`. */
async function startServers({ maxStrangers = 100 }: { readonly maxStrangers?: number } = {}) {
  const refused: ConnectionRefusal[] = [];
  const clock = createVirtualClock();
  const http1: Server = createServer((incoming, response) => {
    incoming.setEncoding('utf8');
    let body = '';
    incoming.on('data', (chunk: string) => {
      body += chunk;
    });
    incoming.on('end', () => response.end(`one ${incoming.method} ${incoming.url} ${body}`));
  });
  http1.on('upgrade', (_incoming, socket, head) => {
    socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded ${head.toString()}`);
  });
  const http2 = createHttp2Server((_request, response) => response.end('two'));
  const strangers = new Strangers({
    most: maxStrangers,
    mostOfOne: maxStrangers,
    isShared: () => true,
    onCut: (crowd) => refused.push(crowd),
  });
  const switching = switchConnections(http1, {
    http2: (socket) => http2.emit('connection', socket),
    tls: null,
    strangers,
    refusals: { refused: (reason) => refused.push(reason) },
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
  return {
    port: (http1.address() as AddressInfo).port,
    clock,
    switching,
    refused,
    get open() {
      return open;
    },
    async [Symbol.asyncDispose]() {
      switching[Symbol.dispose]();
      http1.close();
      http1.closeAllConnections();
      await once(http1, 'close');
      assert.equal(clock.pending, 0, 'a timer was left');
    },
  };
}

/** Sends pieces, each by itself, and answers all that comes back. */
async function talk(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay();
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    for (let turns = 0; turns < 20; turns += 1) await turn();
  }
  await closed;
  return said;
}

async function askHttp2(port: number): Promise<string> {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = client.request({ ':path': '/' });
  stream.setEncoding('utf8');
  let said = '';
  stream.on('data', (chunk: string) => {
    said += chunk;
  });
  await once(stream, 'end');
  client.close();
  await once(client, 'close');
  return said;
}

const get = 'GET /path HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

describe('one port for HTTP/1 and HTTP/2', () => {
  it('answers HTTP/2 in HTTP/2', async () => {
    await using servers = await startServers();

    assert.equal(await askHttp2(servers.port), 'two');
  });

  const requests: Readonly<Record<string, readonly string[]>> = {
    'in one piece': [get],
    'byte by byte': get.split(''),
    'with a method that begins as HTTP/2 does': [get.replace('GET', 'PROPFIND')],
    'with a body that came along': [
      'POST /path HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\n',
      'he',
      'llo',
    ],
  };
  for (const [how, pieces] of Object.entries(requests)) {
    it(`answers HTTP/1 in HTTP/1, ${how}`, async () => {
      await using servers = await startServers();

      const answer = await talk(servers.port, pieces);

      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(answer, /one (?:GET|PROPFIND) \/path |one POST \/path hello/);
    });
  }

  it('answers many requests on one connection, larger than a buffer', async () => {
    await using servers = await startServers();
    const body = 'x'.repeat(1_000_000);

    for (let count = 0; count < 3; count += 1) {
      const asked = request({ port: servers.port, host: '127.0.0.1', method: 'POST', path: '/large' });
      asked.end(body);
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      let bytes = 0;
      for await (const chunk of response) bytes += (chunk as Buffer).length;
      assert.equal(bytes, body.length + 'one POST /large '.length);
    }
  });

  it('lets upgrades through with what came along', async () => {
    await using servers = await startServers();

    const answer = await talk(servers.port, [
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nearly',
    ]);

    assert.match(answer, /upgraded early$/);
  });

  it('answers what is no HTTP as it would have been answered without', async () => {
    await using servers = await startServers();

    assert.match(await talk(servers.port, ['PRI * HTTP/2.1\r\n\r\n']), /^HTTP\/1\.1 400 /);
  });

  for (const [who, said] of Object.entries({
    'says nothing': '',
    'says too little to tell': 'PRI * HTTP/2.0\r\n\r\nSM',
  })) {
    it(`cuts one who ${who}`, async () => {
      await using servers = await startServers();
      const talking = talk(servers.port, said === '' ? [] : [said]);
      await until(() => servers.open === 1, 'a connection');
      for (let turns = 0; turns < 100; turns += 1) await turn();

      await servers.clock.advance(patienceMs);

      assert.equal(await talking, '');
    });
  }

  it('bears those who leave or break before they told', async () => {
    await using servers = await startServers();
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = connect(servers.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write('PRI');
      socket[leave]();
      await once(socket, 'close');
    }

    await until(() => servers.open === 0, 'both to be gone');
    assert.equal(await askHttp2(servers.port), 'two');
  });

  it('cuts the one that has taken longest to tell when there are too many', async () => {
    await using servers = await startServers({ maxStrangers: 2 });
    const first = talk(servers.port, ['PRI']);
    await until(() => servers.open === 1, 'the first connection');
    const others = [talk(servers.port, []), talk(servers.port, [])];

    assert.equal(await first, '');
    assert.deepEqual(servers.refused, ['crowded']);
    assert.equal(servers.open, 2);
    servers.switching[Symbol.dispose]();
    await Promise.all(others);
  });

  it('answers one who speaks TLS in plaintext, and counts him', async () => {
    await using servers = await startServers();
    const client = connectTls({ port: servers.port, host: '127.0.0.1' });

    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];

    assert.equal(error.code, 'ERR_SSL_WRONG_VERSION_NUMBER');
    assert.deepEqual(servers.refused, ['tls']);
  });

  it('cuts those who have not told when disposed', async () => {
    await using servers = await startServers();
    const talking = talk(servers.port, ['PRI']);
    await until(() => servers.open === 1, 'a connection');

    servers.switching[Symbol.dispose]();

    assert.equal(await talking, '');
  });

  it('answers HTTP/1 when disposed, cuts HTTP/2, and waits little for those who do not tell', async () => {
    await using servers = await startServers();
    servers.switching[Symbol.dispose]();

    assert.match(await talk(servers.port, [get]), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(await talk(servers.port, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']), '');
    const talking = talk(servers.port, []);
    await until(() => servers.open === 1, 'a connection');
    await servers.clock.advance(1_000);
    assert.equal(await talking, '');
  });
});
