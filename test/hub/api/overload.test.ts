import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiLimits, defaultApiLimits } from '../../../hub/api/api-limits.ts';
import { SubmissionGate } from '../../../hub/api/submission-gate.ts';
import type { HubMetrics } from '../../../hub/metrics/hub-metrics.ts';
import { type AccountQuotas, noLimits } from '../../../hub/quotas/account-quotas.ts';
import type { Store } from '../../../hub/store/store.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type ApiHarness, startApi } from './api-harness.ts';

checkLeaks();

async function submit(api: ApiHarness, { key = randomUUID(), token = api.tokens.operator } = {}) {
  const response = await fetch(`${api.url}/api/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ automation: 'greet' }),
  });
  const text = await response.text();
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after')), json: JSON.parse(text) };
}

/** Submissions whose bytes all wait in the kernel before the hub reads the first: each over a connection of its own. */
async function submitTogether(api: ApiHarness, count: number) {
  const { hostname, port } = new URL(api.url);
  const body = JSON.stringify({ automation: 'greet' });
  const head = `POST /api/v1/jobs HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${api.tokens.operator}\r\n`;
  const request = `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await delay(50);
  for (const socket of sockets) socket.write(request);
  return Promise.all(
    sockets.map(async (socket) => {
      const answer = Buffer.concat(await socket.toArray()).toString('utf8');
      const retryAfter = Number(/^retry-after: (\d+)/im.exec(answer)?.[1]);
      const [, text = ''] = answer.split('\r\n\r\n', 2);
      return { status: Number(answer.slice(9, 12)), retryAfter, json: JSON.parse(text) };
    }),
  );
}

/** Of a hub in whose store nothing waits. */
function createGate(limits: Partial<ApiLimits>): SubmissionGate {
  const none = { queued: () => 0, commandsWaiting: () => 0, submission: () => {}, of: () => noLimits };
  return new SubmissionGate({
    view: none,
    store: none as unknown as Store,
    metrics: { refusals: none } as unknown as HubMetrics,
    quotas: none as unknown as AccountQuotas,
    random: systemRandom,
    limits: { ...defaultApiLimits, ...limits },
  });
}

const queues: readonly (readonly [string, Partial<ApiLimits>, object])[] = [
  ['an account', { queuedJobs: 3 }, { what: 'account-queue', limit: 3, key: 'FARHAND_MAX_QUEUED_JOBS' }],
  ['all accounts', { queuedJobsInAll: 3 }, { what: 'queue', limit: 3, key: 'FARHAND_MAX_QUEUED_JOBS_IN_ALL' }],
];

describe('a hub without room for another job', () => {
  for (const [whose, limits, full] of queues) {
    it(`says that the queue of ${whose} is full, how much fits, by which key, and when to come again`, async () => {
      await using api = await startApi(limits);
      const key = randomUUID();
      const first = await submit(api, { key });
      api.view.waitingJobs = 3;

      const refused = await submit(api);
      const again = await submit(api, { key });
      api.view.waitingJobs = 2;
      const later = await submit(api);

      assert.deepEqual([first.status, refused.status, again.status, later.status], [201, 429, 200, 201]);
      assert.deepEqual([refused.json.code, refused.json.full], ['too-many', full]);
      assert.ok(refused.retryAfter >= 1);
      assert.equal(again.json.id, first.json.id);
      const { items } = (await api.call('/api/v1/jobs')).json;
      assert.equal(items.length, 2);
    });
  }

  it('refuses what is more than the store can write at a time, and keeps all that it accepted', async () => {
    await using api = await startApi({ submissionsAtOnce: 3 });

    const answers = await submitTogether(api, 40);

    const refused = answers.filter(({ status }) => status === 429);
    const accepted = answers.filter(({ status }) => status === 201).map(({ json }): string => json.id);
    assert.equal(refused.length + accepted.length, 40);
    assert.ok(refused.length > 0 && accepted.length > 0, `${refused.length} of 40 were refused`);
    for (const { json, retryAfter } of refused) {
      assert.deepEqual(json.full, { what: 'store', limit: 3, key: 'FARHAND_MAX_SUBMISSIONS' });
      assert.ok(retryAfter >= 1 && retryAfter <= 3);
    }
    const { items } = (await api.call('/api/v1/jobs?limit=100')).json;
    assert.deepEqual(items.map(({ id }: { id: string }) => id).toSorted(), accepted.toSorted());
  });

  it('takes as many as come one after another', async () => {
    await using api = await startApi({ submissionsAtOnce: 3 });
    const statuses: number[] = [];

    for (let count = 0; count < 5; count += 1) statuses.push((await submit(api)).status);

    assert.deepEqual(statuses, [201, 201, 201, 201, 201]);
  });

  it('counts what is under way and has not come to its store yet', () => {
    const gate = createGate({ submissionsAtOnce: 2 });
    const isFull = { code: 'too-many', full: { what: 'store', limit: 2, key: 'FARHAND_MAX_SUBMISSIONS' } };
    const first = gate.begin();
    using _second = gate.begin();

    assert.throws(() => gate.begin(), isFull);
    assert.throws(() => gate.checkStore(), isFull);
    first[Symbol.dispose]();

    assert.doesNotThrow(() => gate.checkStore());
  });

  it('asks for a token before it says how full it is', async () => {
    await using api = await startApi({ submissionsAtOnce: 0 });

    const stranger = await submit(api, { token: 'nobody' });
    const known = await submit(api);

    assert.deepEqual([stranger.status, known.status], [401, 429]);
  });
});
