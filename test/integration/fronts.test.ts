import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createAuthority } from '../support/certificates.ts';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../support/fault-place.ts';
import { createFront, type Front, type FrontKind, frontPrograms } from '../support/front.ts';
import { callHttps, openHttps } from '../support/https-call.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

/** Each starts a front, a hub and agents. */
const patient = { timeout: 180_000 };

interface FrontPlace extends AsyncDisposable {
  readonly place: FaultPlace;
  readonly front: Front;
  /** `https://127.0.0.1:4711` */
  readonly origin: string;
  /** File of the CA's certificate. */
  readonly authority: string;
  readonly bearer: { readonly authorization: string };
  /** An agent that dials through the front. */
  addAgent(name: string, url: string): Promise<FaultAgent>;
}

/** A hub, and a real front before it with the configuration of the guide. */
async function createFrontPlace(kind: FrontKind, instead: Readonly<Record<string, string>> = {}): Promise<FrontPlace> {
  await using opened = new AsyncDisposableStack();
  const place = opened.use(await createFaultPlace({ FARHAND_TRUSTED_PROXIES: 'loopback' }));
  const authority = createAuthority(place.folder);
  const certificate = authority.issue({ names: 'DNS:localhost,IP:127.0.0.1', days: 30 });
  const hubPort = Number(new URL(place.address).port);
  const folder = join(place.folder, 'front');
  const front = opened.use(await createFront(kind, { folder, hubPort, certificate, instead }));
  await place.hub.start();
  await front.start();
  const owned = opened.move();
  return {
    place,
    front,
    origin: `https://127.0.0.1:${front.port}`,
    authority: authority.path,
    bearer: { authorization: `Bearer ${place.adminToken}` },
    async addAgent(name, url) {
      const agent = await place.addAgent(name, {
        FARHAND_HUB_URL: url,
        FARHAND_STATUS_LISTEN: '127.0.0.1:0',
        FARHAND_TLS_CA: authority.path,
      });
      await agent.start();
      await place.api.takesWork(name);
      return agent;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const toUrls = ({ origin }: FrontPlace) => ({
  websocket: origin.replace('https', 'wss'),
  below: `${origin.replace('https', 'wss')}/farhand`,
  grpc: origin.replace('https', 'grpcs'),
});

for (const kind of ['nginx', 'haproxy'] as const) {
  describe(`a hub behind ${kind}, as the guide configures it`, { skip: frontPrograms[kind].skip }, () => {
    it(
      'runs jobs for agents that dial websockets, below a path, and gRPC, and has every byte of their logs',
      patient,
      async () => {
        await using there = await createFrontPlace(kind);
        const { place } = there;
        const run = 'for i in $(seq 3000); do say "line $i of a job behind a front"; done';
        for (const [name, url] of Object.entries(toUrls(there))) await there.addAgent(name, url);

        const submitted = await Promise.all(
          Array.from({ length: 12 }, () => place.api.submit({ automation: 'job', parameters: { run } })),
        );
        const ended = await Promise.all(submitted.map(({ id }) => place.api.end(id)));

        for (const job of ended) {
          assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
          await place.ledger.check(job, place.api);
        }
        const { transport } = await place.api.agent('grpc');
        assert.equal(transport, 'grpc');
        assert.equal(new Set(ended.map(({ agent }) => agent)).size, 3, 'all three agents');
      },
    );

    it(
      'serves its API below a path: where a job is, events and logs as they come, ranges, the pages',
      patient,
      async () => {
        await using there = await createFrontPlace(kind);
        const { place, origin, authority, bearer } = there;
        await there.addAgent('a1', toUrls(there).below);
        const root = `${origin}/farhand`;
        const get = (path: string, headers: Record<string, string> = {}) =>
          callHttps(`${root}${path}`, authority, { headers: { ...bearer, ...headers } });

        const events = await openHttps(`${root}/api/v1/events`, authority, { headers: bearer });
        const heard = collect(events);
        const made = await callHttps(`${root}/api/v1/jobs`, authority, {
          method: 'POST',
          headers: bearer,
          body: { automation: 'job', parameters: { run: 'say begun; wait_for go; say "the end"' } },
        });
        const { id } = JSON.parse(made.text) as { id: string };
        const { location = '' } = made.headers;
        const followed = await openHttps(`${root}/api/v1/jobs/${id}/log?follow=true`, authority, { headers: bearer });
        const log = collect(followed);
        await until('the first line, while the job runs', () => log.text === 'begun\n');
        await until('an event of the job, while the stream is open', () => heard.text.includes(id));
        await place.open('go');
        await until('all of the log', () => log.isOver);
        const job = await callHttps(new URL(location, origin), authority, { headers: bearer });
        const range = await get(`/api/v1/jobs/${id}/log`, { range: 'bytes=2-4' });
        const description = await get('/api/v1/openapi.json');
        const page = await get('/docs');
        const status = await get('/status', { accept: 'text/html' });
        const numbers = await get('/metrics');
        events.destroy();

        assert.deepEqual([made.status, location], [201, `/farhand/api/v1/jobs/${id}`]);
        assert.equal((JSON.parse(job.text) as { id: string }).id, id);
        assert.equal(log.text, 'begun\nthe end\n');
        assert.deepEqual([range.status, range.text, range.headers['content-range']], [206, 'gun', 'bytes 2-4/14']);
        const { servers } = JSON.parse(description.text) as { servers: { url: string }[] };
        assert.deepEqual(
          servers.map(({ url }) => url),
          ['/farhand'],
        );
        for (const [, link = ''] of page.text.matchAll(/(?:href|src)="([^":]+)"/g)) {
          const { status: found } = await callHttps(new URL(link, `${root}/docs`), authority);
          assert.equal(found, 200, link);
        }
        assert.deepEqual([status.status, status.headers['content-type']], [200, 'text/html; charset=utf-8']);
        assert.equal(numbers.status, 404);
      },
    );

    it('loses nothing when the front is reloaded and killed in the middle of jobs, and has its agents back', {
      timeout: 150_000,
    }, async () => {
      await using there = await createFrontPlace(kind);
      const { place, front } = there;
      const run = 'i=0; until [ -e "$PLACE/gates/go" ]; do i=$((i+1)); say "line $i"; sleep 0.005; done; say done';
      const { websocket, grpc } = toUrls(there);
      const agents = [await there.addAgent('websocket', websocket), await there.addAgent('grpc', grpc)];
      const submitted = await Promise.all(
        Array.from({ length: 4 }, () => place.api.submit({ automation: 'job', parameters: { run } })),
      );
      for (const { id } of submitted) await place.api.jobWhen(id, 'running', ({ started }) => started === true);

      front.reload();
      await delay(1_000);
      await front.kill();
      await until('the hub to miss them', async () => !(await place.api.agent('grpc')).online);
      await front.start();
      for (const { name } of agents)
        await until(`${name} to be back`, async () => (await place.api.agent(name)).online);
      await place.open('go');
      const ended = await Promise.all(submitted.map(({ id }) => place.api.end(id)));

      for (const job of ended) {
        assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
        await place.ledger.check(job, place.api);
      }
      assert.equal(new Set(ended.map(({ agent }) => agent)).size, 2, 'both agents');
    });
  });
}

const idle: Readonly<Record<FrontKind, (seconds: number) => Readonly<Record<string, string>>>> = {
  nginx: (seconds) => ({
    'proxy_read_timeout 1h': `proxy_read_timeout ${seconds}s`,
    'proxy_send_timeout 1h': `proxy_send_timeout ${seconds}s`,
    'grpc_read_timeout 1h': `grpc_read_timeout ${seconds}s`,
    'grpc_send_timeout 1h': `grpc_send_timeout ${seconds}s`,
    'client_body_timeout 1h': `client_body_timeout ${seconds}s`,
  }),
  haproxy: (seconds) => ({
    'timeout client 1h': `timeout client ${seconds}s`,
    'timeout server 1h': `timeout server ${seconds}s`,
    'timeout tunnel 1h': `timeout tunnel ${seconds}s`,
  }),
};

for (const kind of ['nginx', 'haproxy'] as const) {
  describe(`idle timeouts of ${kind}`, { skip: frontPrograms[kind].skip }, () => {
    it('of 20 s are never reached by an idle agent, nor by a job that says nothing', patient, async () => {
      await using there = await createFrontPlace(kind, idle[kind](20));
      const { place } = there;
      const { websocket, grpc } = toUrls(there);
      const agents = [await there.addAgent('websocket', websocket), await there.addAgent('grpc', grpc)];
      const submitted = await Promise.all(
        agents.map(() => place.api.submit({ automation: 'job', parameters: { run: 'say one; wait_for go; say two' } })),
      );
      for (const { id } of submitted) await place.api.jobWhen(id, 'running', ({ started }) => started === true);

      // Two of them, and a half.
      await delay(50_000);
      await place.open('go');
      const ended = await Promise.all(submitted.map(({ id }) => place.api.end(id)));

      for (const job of ended) await place.ledger.check(job, place.api);
      for (const { name } of agents) {
        const log = readFileSync(join(place.folder, `${name}.log`), 'utf8');
        assert.doesNotMatch(log, /control channel ended/, name);
      }
    });

    it('of less than a ping break channels, which the agent says, and no job', patient, async () => {
      // Reports of a busy machine come every few seconds, and are signs of life too.
      await using there = await createFrontPlace(kind, idle[kind](2));
      const { place } = there;
      const { websocket, grpc } = toUrls(there);
      const agents = [await there.addAgent('websocket', websocket), await there.addAgent('grpc', grpc)];
      const submitted = await Promise.all(
        agents.map(() => place.api.submit({ automation: 'job', parameters: { run: 'say one; wait_for go; say two' } })),
      );

      for (const agent of agents) await agent.said(/control channel ended/);
      await place.open('go');
      const ended = await Promise.all(submitted.map(({ id }) => place.api.end(id)));

      for (const job of ended) {
        assert.deepEqual([job.state, job.attempt], ['succeeded', 1]);
        await place.ledger.check(job, place.api);
      }
    });
  });
}

interface Collected {
  text: string;
  isOver: boolean;
}

function collect(stream: NodeJS.ReadableStream): Collected {
  const collected: Collected = { text: '', isOver: false };
  stream.on('data', (chunk: Buffer) => (collected.text += chunk.toString('utf8')));
  stream.on('end', () => (collected.isOver = true));
  stream.on('error', () => {});
  return collected;
}
