import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Crowd } from '../../bench/crowd/crowd.ts';
import type { FaultPlace } from '../support/fault-place.ts';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

const patienceMs = 120_000;

const crowdSize = 150;

const returned = {
  broken: 'hub of a crowd of agents, by SIGKILL and by SIGTERM',
  when: 'while all are there',
  outcome: 'all come back, a few at a time, and the hub has what it had',
};

faultTest(returned, async ({ createPlace, note }) => {
  await using place = await createPlace();
  await place.hub.start();
  await using crowd = new Crowd();
  const joinToken = await place.api.joinToken({ uses: crowdSize });
  const wire = 'websocket';
  await crowd.enrol({ hubUrl: place.address, wire, joinToken, first: 0, count: crowdSize, maxRetryMs: 15_000 });
  await crowd.dial(crowdSize, { atOnce: 32, patienceMs });
  const { id } = await place.api.submit({ automation: 'nobody-has-this' });
  const takes: string[] = [];
  const isBack = async (signal: 'SIGKILL' | 'SIGTERM') => {
    await place.hub.kill(signal);
    await crowd.until((up) => up === 0, patienceMs);
    const from = performance.now();
    await place.hub.start();
    await crowd.until((up) => up === crowdSize, patienceMs);
    takes.push(`${signal}: all back after ${((performance.now() - from) / 1_000).toFixed(1)} s`);
    return crowd.up;
  };

  const killed = await isBack('SIGKILL');
  const stopped = await isBack('SIGTERM');

  assert.deepEqual([killed, stopped], [crowdSize, crowdSize]);
  assert.ok(
    (crowd.whys['the hub is stopping'] ?? 0) >= crowdSize,
    'expected a hub that stops to say when to come back',
  );
  const online = await until('the hub to say so', async () => {
    const metrics = await (await fetch(`${place.address}/metrics`)).text();
    return /farhand_hub_agents\{state="online"\} (\d+)/.exec(metrics)?.[1] === String(crowdSize);
  });
  assert.ok(online);
  assert.equal((await place.api.job(id)).state, 'queued');
  note(`${crowdSize} agents; ${takes.join(', ')}`);
});

/** What came of a submission; null when no answer came. */
interface Submitted {
  readonly mark: string;
  readonly status: number | null;
  readonly id: string | null;
  readonly retryAfter: string | null;
}

async function submitOnce({ address, adminToken }: FaultPlace): Promise<Submitted> {
  const mark = randomUUID();
  try {
    const answer = await fetch(`${address}/api/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', 'idempotency-key': mark },
      body: JSON.stringify({ automation: 'nobody-has-this', labels: { mark } }),
    });
    const body = (await answer.json()) as { readonly id?: string };
    return { mark, status: answer.status, id: body.id ?? null, retryAfter: answer.headers.get('retry-after') };
  } catch {
    return { mark, status: null, id: null, retryAfter: null };
  }
}

/** Marks of all jobs that the hub has, with their ids. */
async function listMarks({ api }: FaultPlace): Promise<ReadonlyMap<string, string>> {
  const marks = new Map<string, string>();
  for (let cursor = ''; ; ) {
    const { body } = await api.call('GET', `/jobs?limit=200${cursor}`);
    const page = JSON.parse(body.toString()) as {
      readonly items: readonly { readonly id: string; readonly labels: { readonly mark: string } }[];
      readonly nextCursor: string | null;
    };
    for (const { id, labels } of page.items) marks.set(labels.mark, id);
    if (page.nextCursor === null) return marks;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

const flooded = {
  broken: 'hub, by SIGKILL',
  when: 'while it is flooded with submissions, more than it takes',
  outcome: 'it has each that it answered with 201, and none that it answered with 429',
};

faultTest(flooded, async ({ createPlace, note }) => {
  const limits = { FARHAND_MAX_SUBMISSIONS: '4', FARHAND_MAX_QUEUED_JOBS: '400' };
  await using place = await createPlace(limits);
  await place.hub.start();
  const answers: Submitted[] = [];
  let flooding = true;
  const flood = Array.from({ length: 24 }, async () => {
    while (flooding) {
      const answer = await submitOnce(place);
      answers.push(answer);
      if (answer.status === null) await delay(20);
    }
  });
  const count = (status: number | null) => answers.filter((answer) => answer.status === status).length;

  await until('some to be accepted', () => count(201) >= 100);
  await place.hub.kill();
  await place.hub.start();
  await until('the queue to be full', () => count(201) >= 300 && count(429) >= 50);
  flooding = false;
  await Promise.all(flood);
  const metrics = await (await fetch(`${place.address}/metrics`)).text();

  const marks = await listMarks(place);
  const accepted = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(accepted.length + refused.length + count(null) + count(503), answers.length);
  for (const { mark, id } of accepted) assert.equal(marks.get(mark), id, `job ${id} was accepted`);
  for (const { mark, retryAfter } of refused) {
    assert.equal(marks.has(mark), false, 'a job that was refused is there');
    assert.match(retryAfter ?? '', /^[1-9]\d*$/);
  }
  assert.match(metrics, /farhand_hub_submissions_refused_total\{what="[a-z-]+"\} [1-9]/);
  note(`${accepted.length} accepted, ${refused.length} refused, ${count(null)} without an answer`);
});

const halfOpen = {
  broken: 'all lines of an agent, half open for good',
  when: 'while its job runs, and ends',
  outcome: 'both ends notice, and the log goes on over another line',
};

faultTest(halfOpen, async ({ createPlace, note }) => {
  await using place = await createPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  const run = 'say before; wait_for go; say after';
  const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
  await place.api.jobWhen(id, 'running', ({ startedAt }) => startedAt !== null);
  const before = agent.line.carried('up');
  const from = performance.now();

  for (const direction of ['up', 'down'] as const) agent.line.silence(direction);
  await place.open('go');
  const job = await place.api.end(id);

  assert.equal(job.state, 'succeeded');
  await place.ledger.check(job, place.api);
  assert.ok(agent.line.carried('up') > before);
  note(`over another line after ${((performance.now() - from) / 1_000).toFixed(0)} s`);
});

const drained = {
  broken: 'hub that drains, by a second SIGTERM',
  when: 'while one job ends and another runs',
  outcome: 'it took the end of the one, and the next hub goes on with the other',
};

faultTest(drained, async ({ createPlace }) => {
  await using place = await createPlace({ FARHAND_DRAIN_SECONDS: '600' });
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  const submit = (gate: string) =>
    place.api.submit({ automation: 'job', parameters: { run: `say begin; wait_for ${gate}; say end` } });
  const [first, second] = [await submit('first'), await submit('second')];
  for (const { id } of [first, second]) await place.api.jobWhen(id, 'running', ({ startedAt }) => startedAt !== null);
  const readiness = async () => (await fetch(`${place.address}/readyz`)).status;

  const ended = place.hub.kill('SIGTERM');
  await until('the hub to say that it is leaving', async () => (await readiness()) === 503);
  await place.open('first');
  const taken = await place.api.end(first.id);
  const online = (await place.api.agent('a1')).online;
  void place.hub.kill('SIGTERM');
  const left = await ended;
  await place.hub.start();
  await place.open('second');
  const later = await place.api.end(second.id);

  assert.deepEqual([taken.state, online, left?.exitCode, later.state], ['succeeded', true, 0, 'succeeded']);
  for (const job of [taken, later]) await place.ledger.check(job, place.api);
});
