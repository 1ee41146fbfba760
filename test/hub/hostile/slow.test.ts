import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { checkLeaks } from '../../support/leak-check.ts';
import { head, openRaw, type RawClient } from '../../support/raw-client.ts';
import { startHonestAgent } from './honest-agent.ts';
import { adminToken, hurriedClock, startHostilePlace } from './hostile-place.ts';

checkLeaks();

const limits = { requestMs: 1_000 };
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const post = [
  'POST /api/v1/jobs HTTP/1.1',
  'Host: x',
  `Authorization: Bearer ${adminToken}`,
  'Content-Type: application/json',
];
const upgrade = ['GET /v1/control HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];

/** What is said at once, and what then comes bit by bit for ever. */
const stages: Readonly<Record<string, readonly [string, string]>> = {
  'nothing at all': ['', ''],
  'half of a request line': ['GET /api', 'a'],
  'half of what HTTP/2 begins with': [preface.slice(0, 10), ''],
  'empty lines before a request': ['\r\n', '\r\n'],
  headers: ['GET /livez HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'],
  'a header without end': ['GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ', 'b'],
  'headers of an upgrade': [`${upgrade.join('\r\n')}\r\n`, 'X-A: b\r\n'],
  'a body that was announced': [head(...post, 'Content-Length: 1000000'), ' '],
  'a body that is to be asked for': [head(...post, 'Content-Length: 1000000', 'Expect: 100-continue'), ''],
  'a body in chunks': [head(...post, 'Transfer-Encoding: chunked'), '1\r\n \r\n'],
  'trailers behind chunks': [`${head(...post, 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n`, 'X-A: b\r\n'],
  'a body that nobody waits for': [head('POST /nowhere HTTP/1.1', 'Host: x', 'Content-Length: 1000000'), ' '],
};

describe('who takes his time', () => {
  it('is hung up on in each stage of HTTP, and others are served meanwhile', async () => {
    await using place = await startHostilePlace({ limits, clock: hurriedClock });
    await using agent = await startHonestAgent(place);
    const clients: RawClient[] = [];
    for (const [first, then] of Object.values(stages)) {
      for (let each = 0; each < 5; each += 1) {
        const client = openRaw(place.target);
        if (first !== '') client.write(first);
        if (then !== '') client.dribble(then);
        clients.push(client);
      }
    }

    await agent.stillWorks();
    await Promise.all(clients.map(({ closed }) => closed));

    await place.calm();
    await agent.finish();
  });

  it('is hung up on in each stage of TLS, and in each of HTTP with a certificate that is good', async () => {
    await using place = await startHostilePlace({ limits, clock: hurriedClock, secure: true });
    await using agent = await startHonestAgent(place);
    const plain = { port: place.target.port };
    const hello = await recordHello();
    const inside = Object.values(stages).map(([first, rest]) => ({ target: place.target, first, rest }));
    const outside = [0, 1, 5, hello.length / 2, hello.length].map((bytes) => ({
      target: plain,
      first: hello.subarray(0, bytes).toString('latin1'),
      rest: '',
    }));
    const clients = [...inside, ...outside, { target: plain, first: '\x16\x03\x01\x3f\xff', rest: '\x01' }].map(
      ({ target, first, rest }) => {
        const client = openRaw(target);
        if (first !== '') client.write(first);
        if (rest !== '') client.dribble(rest);
        return client;
      },
    );

    await agent.stillWorks();
    await Promise.all(clients.map(({ closed }) => closed));

    await place.calm();
    await agent.finish();
  });

  it('is hung up on when he asks, and asks again, and takes no answer', async () => {
    await using place = await startHostilePlace({ limits: { ...limits, stallMs: 1_000 } });
    const ask = head('GET /docs/page.mjs HTTP/1.1', 'Host: x');
    const sockets = Array.from({ length: 2 }, () => connect(place.target.port, '127.0.0.1'));
    const closed = sockets.map((socket) => {
      socket.pause();
      socket.on('error', () => {});
      socket.write(ask.repeat(200));
      return new Promise((resolve) => socket.once('close', resolve));
    });

    // Whoever does not read does not see the end either, but what he writes comes to nothing.
    const timer = setInterval(() => sockets.map((socket) => socket.write(ask)), 100);
    await Promise.all(closed);
    clearInterval(timer);

    await place.calm();
  });
});

/** What a client of TLS says first. */
async function recordHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');
  return bytes;
}
