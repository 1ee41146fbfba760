import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { head, openRaw, statusesOf, talk } from '../../support/raw-client.ts';
import { toSmuggling } from '../../support/smuggling.ts';
import { until } from '../../support/until.ts';
import { startAttackedAgent } from './attacked-agent.ts';

checkLeaks();

const smuggled = head('GET /status HTTP/1.1', 'Host: localhost');
const smuggling = Object.fromEntries(
  ['GET', 'POST'].flatMap((method) =>
    Object.entries(toSmuggling([`${method} /nowhere HTTP/1.1`, 'Host: localhost'], smuggled)).map(([what, bytes]) => [
      `${method} with ${what}`,
      bytes,
    ]),
  ),
);

const ask = (line: string, ...more: readonly string[]) =>
  head(`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...more);

const tricks = [
  '//status',
  '/./status',
  '/status/',
  '/STATUS',
  '/x/../status',
  '/%73tatus',
  '/status%00',
  '/status;x',
  '/status#x',
  '/\\status',
  'http://127.0.0.1/status',
  'http://evil.example/status',
  'file:///etc/passwd',
  '/../../../etc/passwd',
  '/status/..%2f..%2fetc/passwd',
  '*',
  'status',
].map((path) => ask(`GET ${path}`));

const others = [
  ask('POST /status', 'Content-Length: 0'),
  ask('POST /status', 'Content-Length: 2').concat('{}'),
  ask('DELETE /status'),
  ask('OPTIONS *'),
  ask('TRACE /status'),
  ask('PURGE /status'),
  ask('CONNECT 127.0.0.1:22'),
  ask('PRI *'),
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  '\x16\x03\x01\x02\0\x01\0\x01\xfc',
  ask('GET /status', `X-A: ${'a'.repeat(20_000)}`),
  ask('GET /status', ...Array.from({ length: 5_000 }, (_, index) => `X-${index}: a`)),
  ask(`GET /${'a'.repeat(20_000)}`),
  ask('GET /status', 'Expect: something'),
];

const sockets = 1_000;

describe("an agent's status", () => {
  it('gives nothing to a request of a strange form, and finds none in what another one left', async () => {
    await using agent = await startAttackedAgent();
    for (const [what, bytes] of [...Object.entries(smuggling), ...[...tricks, ...others].map((each) => [each, each])]) {
      const said = await talk(agent.target, bytes ?? '');

      assert.ok(
        statusesOf(said).every((status) => status >= 400),
        `${what}: ${said}`,
      );
      assert.ok(statusesOf(said).length <= 1, `${what}: ${said}`);
      assert.doesNotMatch(said, /"slots"|root:/, what);
    }

    await agent.finish();
  });

  it('takes no body, and hangs up before it would come', async () => {
    await using agent = await startAttackedAgent();
    for (const framing of ['Content-Length: 1000000', 'Transfer-Encoding: chunked']) {
      const said = await talk(agent.target, head('GET /status HTTP/1.1', 'Host: localhost', framing));

      assert.deepEqual(statusesOf(said), [413], said);
    }

    await agent.finish();
  });

  it('is not given to a page that leads a name of its own to this machine', async () => {
    await using agent = await startAttackedAgent();
    const statusFor = async (host: string) =>
      statusesOf(await talk(agent.target, head('GET /status HTTP/1.1', `Host: ${host}`, 'Connection: close')))[0];

    for (const host of [
      'evil.example',
      'evil.example:9400',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '127.1',
    ]) {
      assert.equal(await statusFor(host), 421, host);
    }
    for (const host of ['localhost', 'LOCALHOST:9400', '127.0.0.1:9400', '[::1]:9400', '10.0.0.7', hostname()]) {
      assert.equal(await statusFor(host), 200, host);
    }

    await agent.finish();
  });

  it('hangs up on who takes his time, in each stage', async () => {
    await using agent = await startAttackedAgent({ requestMs: 1_000 });
    const stages: readonly (readonly [string, string])[] = [
      ['', ''],
      ['GET /st', 'a'],
      ['\r\n', '\r\n'],
      ['GET /status HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n'],
      ['GET /status HTTP/1.1\r\nHost: localhost\r\nX-A: ', 'b'],
      [head('POST /status HTTP/1.1', 'Host: localhost', 'Content-Length: 1000000'), ' '],
    ];
    const clients = stages.flatMap(([first, then]) =>
      [1, 2, 3].map(() => {
        const client = openRaw(agent.target);
        if (first !== '') client.write(first);
        if (then !== '') client.dribble(then);
        return client;
      }),
    );

    await agent.goesOn();
    await Promise.all(clients.map(({ closed }) => closed));

    await agent.finish();
  });

  it('hangs up on who asks, and asks again, and takes no answer', async () => {
    await using agent = await startAttackedAgent({ stallMs: 1_000 });
    const clients = [1, 2].map(() => openRaw(agent.target));
    const request = head('GET /metrics HTTP/1.1', 'Host: localhost');
    for (const client of clients) {
      client.socket.pause();
      client.write(request.repeat(1_500));
      // Whoever does not read does not see the end either, but what he writes comes to nothing.
      client.dribble(request);
    }

    await Promise.all(clients.map(({ closed }) => closed));

    await agent.finish();
  });

  it(`answers a probe while ${sockets} connections are opened and left`, async () => {
    await using agent = await startAttackedAgent({ connections: 8 });
    const clients = Array.from({ length: sockets }, () => openRaw(agent.target));
    for (const client of clients) client.write('G');

    const said = await talk(agent.target, ask('GET /livez'));
    await until('all but a few to be cut', () => clients.filter(({ socket }) => !socket.destroyed).length <= 8);
    await agent.goesOn();
    for (const client of clients) client[Symbol.dispose]();

    assert.deepEqual(statusesOf(said), [200], said);
    await agent.finish();
  });
});
