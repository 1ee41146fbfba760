import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentStatus } from '../../agent/agent-status.ts';
import { findFreePort } from '../../bench/free-port.ts';
import type { HubStatus } from '../../protocol/hub-status.ts';
import type { Job } from '../../protocol/job.ts';
import type { FaultPlace } from '../support/fault-place.ts';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

/** Longer than a lease, and than the silence that ends a channel. */
const loadMs = 45_000;
/** Three times what the machine has, and what takes the bandwidth of its memory, its disk and its time to start processes. */
const loads: readonly (readonly [string, number])[] = [
  ['while :; do :; done', 3 * availableParallelism()],
  ['while :; do dd if=/dev/zero of=/dev/null bs=64M count=50 2>/dev/null; done', 2],
  ['while :; do dd if=/dev/zero of=fill bs=1M count=64 conv=fsync 2>/dev/null; done', 2],
  ['while :; do dd if=/dev/zero of=fill bs=4k count=1000 oflag=dsync 2>/dev/null; done', 2],
  ['while :; do /bin/true; done', 1],
];

/** What the hub's audit has of agents that came and went, up to a job that is submitted now. */
async function readComings({ address, adminToken, api }: FaultPlace): Promise<readonly string[]> {
  const mark = await api.submit({ automation: 'job', parameters: { run: 'true' }, selector: 'never=so' });
  const headers = { authorization: `Bearer ${adminToken}`, 'last-event-id': '0' };
  const over = new AbortController();
  const answer = await fetch(`${address}/api/v1/events`, { headers, signal: over.signal });
  let text = '';
  for await (const piece of answer.body ?? []) {
    text += Buffer.from(piece).toString();
    if (text.includes(`job:${mark.id}`)) break;
  }
  over.abort();
  return [...text.matchAll(/^event: (agent\.(?:online|offline))$/gm)].map(([, action = '']) => action);
}

async function readJson<T>(url: string, token: string): Promise<T> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } });
  assert.equal(answer.status, 200);
  return (await answer.json()) as T;
}

const eaten = {
  broken: 'processors, memory bandwidth and disk of the machine, taken by jobs',
  when: 'for longer than a lease',
  outcome: 'their agent stays online, logs flow, and further jobs run',
};

faultTest(eaten, async ({ createPlace, note }) => {
  await using place = await createPlace();
  const { api } = place;
  const port = await findFreePort();
  await place.hub.start();
  const agent = await place.addAgent('a1', { FARHAND_SLOTS: '100', FARHAND_STATUS_LISTEN: `127.0.0.1:${port}` });
  await agent.start();
  await api.takesWork('a1');
  const submit = (run: string) => api.submit({ automation: 'job', parameters: { run } });
  const talking = await submit('n=0; while [ $n -lt 1000000 ]; do n=$((n + 1)); say $n; sleep 0.2; done');
  const eaters: Job[] = [];
  for (const [run, count] of loads) for (let index = 0; index < count; index++) eaters.push(await submit(run));
  for (const { id } of eaters) await api.jobWhen(id, 'started', ({ startedAt }) => startedAt !== null);

  const seen: boolean[] = [];
  const bytes: number[] = [];
  const ended: Job[] = [];
  for (const end = performance.now() + loadMs; performance.now() < end; ) {
    ended.push(await api.end((await submit('say hello')).id));
    seen.push((await api.agent('a1')).online);
    bytes.push((await api.job(talking.id)).log?.bytes ?? 0);
    await delay(1_000);
  }
  const status = await readJson<AgentStatus>(`http://127.0.0.1:${port}/status`, '');
  const hubStatus = await readJson<HubStatus>(`${place.address}/status`, place.adminToken);
  for (const { id } of [...eaters, talking]) await api.cancel(id);
  const ends = await Promise.all([...eaters, talking].map(({ id }) => api.end(id)));

  assert.deepEqual(await readComings(place), ['agent.online']);
  assert.deepEqual([status.counts.connects, status.counts.dials], [1, 1]);
  assert.ok(!seen.includes(false));
  assert.ok((bytes.at(-1) ?? 0) > (bytes[0] ?? 0), `expected the log to grow, got ${bytes.join(', ')}`);
  assert.ok(ended.every(({ state }) => state === 'succeeded'));
  assert.ok(ends.every(({ state }) => state === 'cancelled'));
  for (const job of [...ended, ...ends]) await place.ledger.check(job, api);
  note(
    `${eaters.length} eaters, ${ended.length} jobs beside them; longest stop: agent ${status.loopLagMaxMs} ms, hub ${hubStatus.loopLagMaxMs} ms`,
  );
});

const closed = {
  broken: "room for the output of an agent's jobs, used up",
  when: 'while one runs and another waits',
  outcome: 'the agent takes no more, says why they wait, and takes them when there is room again',
};

faultTest(closed, async ({ createPlace }) => {
  await using place = await createPlace();
  const { api } = place;
  await place.hub.start();
  const agent = await place.addAgent('a1', { FARHAND_SPOOL_BYTES: '50000' });
  await agent.start();
  await api.takesWork('a1');
  const full = await api.submit({
    automation: 'job',
    parameters: { run: "head -c 50000 /dev/zero | tr '\\\\0' x; wait_for go" },
  });
  await until('the agent to be closed', async () => (await api.agent('a1')).admission?.state === 'closed');

  const late = await api.submit({ automation: 'job', parameters: { run: 'say late' } });
  const waiting = await api.jobWhen(late.id, 'waiting', (job) => job.waiting.length > 0);
  await place.open('go');
  const [first, second] = await Promise.all([api.end(full.id), api.end(late.id)]);

  assert.deepEqual(waiting.waiting, [
    { agent: 'a1', reason: 'pressure', message: 'no room for the output of another job' },
  ]);
  assert.deepEqual(
    [first.state, first.log?.bytes, second.state, second.attempt],
    ['succeeded', 50_000, 'succeeded', 1],
  );
  await place.ledger.check(second, api);
});
