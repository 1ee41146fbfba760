import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Agent, Automation } from '../../../protocol/agent.ts';
import { Job } from '../../../protocol/job.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi, toSummary } from './api-harness.ts';
import { enrolAgent, startAttempt, submitJob } from './job-run.ts';

checkLeaks();

const jobs = '/api/v1/jobs';

describe('a job', () => {
  it('is shown as the contract says, from its submission to its end', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const request = {
      automation: 'greet',
      parameters: { name: 'ada "$(x)" \n 👋' },
      secrets: { password: 'hunter2' },
      selector: 'site=ams,tier in (edge,core)',
      labels: { ticket: '42' },
      timeoutSeconds: 60,
      expiresInSeconds: 3600,
    };

    const submitted = await api.call(jobs, { body: request });
    assert.equal(submitted.status, 201);
    const { id } = submitted.json;
    assert.equal(submitted.headers.get('location'), `${jobs}/${id}`);
    const queued = Job.parse(submitted.json);
    assert.equal(queued.state, 'queued');
    assert.deepEqual(queued.parameters, request.parameters);
    assert.deepEqual(queued.waiting, [{ agent: 'a2', reason: 'labels' }]);
    assert.deepEqual([queued.agent, queued.attempt, queued.log, queued.startedAt], [null, null, null, null]);

    const run = await startAttempt(api, id, agent);
    await run.write('hello\n');
    const running = Job.parse((await api.call(`${jobs}/${id}`)).json);
    assert.deepEqual([running.state, running.agent, running.attempt], ['running', 'a1', 1]);
    assert.deepEqual(running.log, { bytes: 6, sha256: null, complete: null, gaps: [], trailing: 0, removedAt: null });
    assert.deepEqual(running.progress, { percent: 40, message: null, outputs: null });
    assert.deepEqual(running.waiting, []);

    await run.end();
    const ended = await api.call(`${jobs}/${id}`);
    const done = Job.parse(ended.json);
    assert.deepEqual([done.state, done.cause, done.exitCode, done.started], ['succeeded', 'exit-code', 0, true]);
    assert.deepEqual(done.outputs, { answer: 42 });
    assert.equal(done.log?.bytes, 6);
    assert.match(done.log?.sha256 ?? '', /^[0-9a-f]{64}$/);
    assert.doesNotMatch(ended.text + submitted.text, /hunter2/);
    assert.deepEqual(api.complaints, []);
  });

  it('is the same for the same idempotency key and body, and a conflict for another body', async () => {
    await using api = await startApi();
    const headers = { 'idempotency-key': 'deploy-42' };
    const send = (body: object) => api.call(jobs, { body: { automation: 'greet', ...body }, headers });

    const all = await Promise.all(
      Array.from({ length: 10 }, () => send({ parameters: { a: 1, b: 2 }, secrets: { p: 'x' } })),
    );
    const reordered = await send({ secrets: { p: 'x' }, parameters: { b: 2, a: 1 }, priority: 0 });
    const otherSecret = await send({ parameters: { a: 1, b: 2 }, secrets: { p: 'y' } });

    assert.equal(new Set(all.map(({ json }) => json.id)).size, 1);
    assert.deepEqual(
      all.map(({ status }) => status).toSorted((a, b) => a - b),
      [...Array(9).fill(200), 201],
    );
    assert.deepEqual([reordered.status, reordered.json.id], [200, all[0]?.json.id]);
    assert.deepEqual([otherSecret.status, otherSecret.json.code], [409, 'idempotency-conflict']);
  });

  it('is refused for a while when too many of its account wait, and one that was taken before is not', async () => {
    await using api = await startApi({ queuedJobs: 2 });
    const body = { automation: 'greet' };
    const headers = { 'idempotency-key': 'k1' };
    api.view.waitingJobs = 1;
    const taken = await api.call(jobs, { body, headers });

    api.view.waitingJobs = 2;
    const refused = await api.call(jobs, { body });
    const rerun = await api.call(`${jobs}/${taken.json.id}/rerun`, { method: 'POST' });
    const again = await api.call(jobs, { body, headers });

    assert.deepEqual([refused.status, refused.json.code], [429, 'too-many']);
    assert.match(refused.headers.get('retry-after') ?? '', /^([5-9]|1[0-5])$/);
    assert.equal(rerun.status, 429);
    assert.deepEqual([again.status, again.json.id], [200, taken.json.id]);
  });

  it('keeps its secrets unreadable in the store', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const id = await submitJob(api, { automation: 'greet', secrets: { password: 'correct horse' } });

    const run = await startAttempt(api, id, agent);
    const attempt = await api.store.queries.attempt(run.attempt);
    const opened = await api.store.apply('open-attempt', {
      attemptId: run.attempt,
      agentId: agent.id,
      folderId: attempt?.folderId ?? '',
      have: 'claimed',
      epoch: { leaseEpoch: agent.leaseEpoch, opens: 2 },
      at: Date.now(),
    });

    assert.ok(opened.type === 'job' && opened.secrets !== null);
    assert.doesNotMatch(Buffer.from(opened.secrets).toString('latin1'), /correct horse|password/);
  });

  it('is checked against every form of its automation that agents offer', async () => {
    await using api = await startApi();
    const named = (type: string) => ({ type: 'object', properties: { name: { type } }, required: ['name'] });
    api.view.offer('default', [toSummary('greet', named('string'), 'a')]);
    api.view.offer('default', [toSummary('greet', named('integer'), 'b')]);
    api.view.offer('other', [toSummary('greet', named('boolean'), 'c')]);
    const send = (name: unknown) => api.call(jobs, { body: { automation: 'greet', parameters: { name } } });

    const answers = await Promise.all([send('ada'), send(7), send(true)]);

    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 422],
    );
    assert.equal(answers[2]?.json.code, 'parameters-invalid');
    assert.equal(answers[2]?.json.errors[0].pointer, '/parameters/name');
    const other = await api.makeToken('operator', 'other');
    assert.equal(
      (await api.call(jobs, { token: other, body: { automation: 'greet', parameters: { name: true } } })).status,
      201,
    );
  });

  it('answers a request that comes again with the same job, also when its automation takes other parameters by then', async () => {
    await using api = await startApi();
    api.view.offer('default', [toSummary('greet', { type: 'object' })]);
    const call = { body: { automation: 'greet' }, headers: { 'idempotency-key': 'k1' } };
    const first = await api.call(jobs, call);
    api.view.byAccount.clear();
    api.view.offer('default', [toSummary('greet', { type: 'object', required: ['name'] }, 'b')]);

    const again = await api.call(jobs, call);
    const other = await api.call(jobs, { ...call, body: { automation: 'greet', priority: 1 } });

    assert.equal(again.status, 200);
    assert.equal(again.json.id, first.json.id);
    assert.equal(other.json.code, 'idempotency-conflict');
  });

  it("judges parameters by what the account's own agents offer, whatever digest others claim for theirs", async () => {
    await using api = await startApi();
    api.view.offer('default', [toSummary('greet', { type: 'object' })]);
    api.view.offer('other', [toSummary('greet', { type: 'object', required: ['nothing'] })]);
    const stranger = await api.makeToken('operator', 'other');
    await api.call(jobs, { token: stranger, body: { automation: 'greet' } });

    const answer = await api.call(jobs, { body: { automation: 'greet' } });

    assert.equal(answer.status, 201);
  });

  it('can be cancelled until it has ended', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const waiting = await submitJob(api);
    const running = await submitJob(api);
    const run = await startAttempt(api, running, agent);
    const cancel = (id: string) => api.call(`${jobs}/${id}/cancel`, { method: 'POST' });

    const atOnce = await cancel(waiting);
    const asked = await cancel(running);
    const again = await cancel(waiting);
    await run.end({ outcome: 'cancelled', cause: 'cancelled', exitCode: null, signal: 'SIGTERM' });
    const late = await cancel(running);

    assert.deepEqual([atOnce.status, atOnce.json.state], [202, 'cancelled']);
    assert.deepEqual([asked.status, asked.json.state, asked.json.cancelRequested], [202, 'running', true]);
    assert.deepEqual([again.status, again.json.code], [409, 'job-ended']);
    assert.deepEqual([late.status, late.json.code], [409, 'job-ended']);
  });

  it('can be run again, with its secrets given again', async () => {
    await using api = await startApi();
    const id = await submitJob(api, {
      automation: 'greet',
      parameters: { n: 1 },
      secrets: { a: 'x' },
      labels: { t: '1' },
    });
    const rerun = (body: object) => api.call(`${jobs}/${id}/rerun`, { body });

    const without = await rerun({});
    const withMore = await rerun({ secrets: { a: 'x', b: 'y' } });
    const again = await rerun({ secrets: { a: 'x' } });

    assert.deepEqual([without.status, without.json.errors[0].pointer], [422, '/secrets/a']);
    assert.match(without.json.detail, /had: a$/);
    assert.deepEqual([withMore.status, withMore.json.errors[0].pointer], [422, '/secrets/b']);
    assert.equal(again.status, 201);
    assert.notEqual(again.json.id, id);
    assert.deepEqual([again.json.parameters, again.json.labels], [{ n: 1 }, { t: '1' }]);
  });

  it('asks for all of the same when it is run again', async () => {
    await using api = await startApi();
    const id = await submitJob(api, {
      automation: 'greet',
      selector: 'zone=a',
      priority: 3,
      timeoutSeconds: 60,
      expiresInSeconds: 900,
      retry: { limit: 2, on: ['timeout'] },
    });

    const again = await api.call(`${jobs}/${id}/rerun`, { body: {} });
    const asked = async (job: string) => {
      const stored = await api.store.queries.job('default', job);
      if (stored === null) throw new Error('expected the job in the store');
      const { automation, selector, priority, timeoutSeconds, createdAt, expiresAt, retry } = stored;
      return { automation, selector, priority, timeoutSeconds, retry, expiresInMs: (expiresAt ?? 0) - createdAt };
    };

    assert.partialDeepStrictEqual(await asked(id), { expiresInMs: 900_000, retry: { limit: 2 } });
    assert.deepEqual(await asked(again.json.id), await asked(id));
  });

  it('is run again once for one idempotency key', async () => {
    await using api = await startApi();
    const id = await submitJob(api, { automation: 'greet', secrets: { a: 'x' } });
    const headers = { 'idempotency-key': 'again' };
    const rerun = (secret: string) => api.call(`${jobs}/${id}/rerun`, { body: { secrets: { a: secret } }, headers });

    const first = await rerun('x');
    const repeated = await rerun('x');
    const other = await rerun('y');
    const submitted = await api.call(jobs, { body: { automation: 'greet', secrets: { a: 'x' } }, headers });

    assert.deepEqual([first.status, repeated.status, repeated.json.id], [201, 200, first.json.id]);
    assert.deepEqual([other.status, other.json.code], [409, 'idempotency-conflict']);
    assert.equal(submitted.status, 409);
  });

  it('has every attempt listed, each with its own log', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const id = await submitJob(api, { automation: 'greet', retry: { limit: 1, on: ['exit-code'] } });
    const first = await startAttempt(api, id, agent);
    await first.write('first try');
    await first.end({ outcome: 'failed', exitCode: 3 });
    const second = await startAttempt(api, id, agent);
    await second.write('second');

    const { json } = await api.call(`${jobs}/${id}/attempts`);

    assert.deepEqual(
      json.items.map(
        (attempt: { readonly number: number; readonly state: string; readonly exitCode: number | null }) => [
          attempt.number,
          attempt.state,
          attempt.exitCode,
        ],
      ),
      [
        [1, 'ended', 3],
        [2, 'running', null],
      ],
    );
    assert.equal((await api.call(`${jobs}/${id}/attempts/1/log`)).text, 'first try');
    assert.equal((await api.call(`${jobs}/${id}/attempts/2/log`)).text, 'second');
    assert.equal((await api.call(`${jobs}/${id}/log`)).text, 'second');
    assert.equal((await api.call(`${jobs}/${id}/attempts/3/log`)).status, 404);
    assert.equal((await api.call(`${jobs}/${id}/attempts/1/log?follow=true`)).status, 400);
    await second.end();
  });
});

describe('lists', () => {
  it('of jobs are cut into pages that fit together', async () => {
    await using api = await startApi();
    const ids: string[] = [];
    for (let count = 0; count < 7; count++) ids.push(await submitJob(api));
    const seen: string[] = [];

    let cursor: string | null = null;
    do {
      const page = await api.call(`${jobs}?limit=3${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      seen.push(...page.json.items.map((job: Job) => job.id));
      cursor = page.json.nextCursor;
    } while (cursor !== null);

    assert.deepEqual(seen, ids.toReversed());
  });

  it('of jobs can be filtered', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const plain = await submitJob(api);
    const labelled = await submitJob(api, { automation: 'other', labels: { ticket: '42', site: 'ams' } });
    const run = await startAttempt(api, plain, agent);
    await run.end();
    const find = async (query: string) =>
      (await api.call(`${jobs}?${query}`)).json.items.map((job: Job) => job.id) as string[];

    assert.deepEqual(await find('state=queued'), [labelled]);
    assert.deepEqual(await find('state=succeeded,failed'), [plain]);
    assert.deepEqual(await find('state=succeeded&state=queued'), [labelled, plain]);
    assert.deepEqual(await find('automation=other'), [labelled]);
    assert.deepEqual(await find('agent=a1'), [plain]);
    assert.deepEqual(await find('label=ticket=42&label=site=ams'), [labelled]);
    assert.deepEqual(await find('label=ticket=42&label=site=fra'), []);
    assert.deepEqual(await find('automation=nobody'), []);
  });

  it('of agents show what is stored and what is live', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    await enrolAgent(api, 'b2');
    api.view.offer('default', [toSummary('greet', null)], agent.id);

    const list = await api.call('/api/v1/agents');
    const one = await api.call('/api/v1/agents/a1');

    const agents = list.json.items.map((item: unknown) => Agent.parse(item)) as Agent[];
    assert.deepEqual(
      agents.map(({ name, online }) => [name, online]),
      [
        ['a1', true],
        ['b2', false],
      ],
    );
    assert.deepEqual(one.json, list.json.items[0]);
    assert.equal(one.json.slots.used, 1);
  });

  it('of automations count who offers each form', async () => {
    await using api = await startApi();
    api.view.offer('default', [toSummary('greet', null, 'a'), toSummary('build', null, 'c')]);
    api.view.offer('default', [toSummary('greet', null, 'b')]);
    api.view.offer('default', [toSummary('greet', null, 'a')]);

    const { json } = await api.call('/api/v1/automations');

    const automations = json.items.map((item: unknown) => Automation.parse(item)) as Automation[];
    assert.deepEqual(
      automations.map(({ name, digest, agents, online }) => [name, digest[0], agents, online]),
      [
        ['build', 'c', 1, 1],
        ['greet', 'a', 2, 2],
        ['greet', 'b', 1, 1],
      ],
    );
  });
});

describe('an agent', () => {
  it('is drained and resumed, with a note', async () => {
    await using api = await startApi();
    const { admin: token } = api.tokens;
    await enrolAgent(api, 'a1');

    const drained = await api.call('/api/v1/agents/a1/drain', { token, body: { note: 'new disk' } });
    const stored = await api.store.queries.agentByName('default', 'a1');
    const resumed = await api.call('/api/v1/agents/a1/resume', { token, method: 'POST' });
    const missing = await api.call('/api/v1/agents/a9/drain', { token, method: 'POST' });

    assert.deepEqual([drained.status, drained.json.schedulable], [202, false]);
    assert.deepEqual(stored?.desired, { schedulable: false, drain: true, note: 'new disk', replaceKey: null });
    assert.deepEqual([resumed.status, resumed.json.schedulable], [202, true]);
    assert.equal(missing.status, 404);
  });
});

describe('the hub', () => {
  it('says that it lives, and whether it is ready, to anybody', async () => {
    await using api = await startApi();

    assert.equal((await api.call('/livez', { token: null })).status, 200);
    assert.equal((await api.call('/readyz', { token: null })).status, 200);
    api.view.ready = false;
    const notReady = await api.call('/readyz', { token: null });

    assert.deepEqual([notReady.status, notReady.json.code], [503, 'unavailable']);
    assert.equal((await api.call('/livez', { token: null })).status, 200);
  });

  it('answers clients that offer to go on in HTTP/2, and leaves websockets to who listens for them', async () => {
    await using api = await startApi();
    const offer = (protocol: string) =>
      api.talk(
        `GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n`,
        (text) => text.includes('{"status":"ok"}') || text.startsWith('HTTP/1.1 426'),
      );

    assert.match(await offer('h2c'), /^HTTP\/1.1 200 /);
    assert.match(await offer('websocket'), /^HTTP\/1.1 426 /);
  });

  it('answers HEAD like GET, without the body', async () => {
    await using api = await startApi();
    const id = await submitJob(api);

    const head = await api.call(`${jobs}/${id}`, { method: 'HEAD' });
    const log = await api.call(`${jobs}/${id}/log?follow=true`, { method: 'HEAD' });

    assert.deepEqual([head.status, head.text], [200, '']);
    assert.deepEqual([log.status, log.text, log.headers.get('content-length')], [200, '', '0']);
  });

  it('says that it cannot now when its store is closed, and keeps the reason to itself', async () => {
    await using api = await startApi();
    await api.store[Symbol.asyncDispose]();

    const answer = await api.call(jobs, { body: { automation: 'greet' } });

    assert.ok([500, 503].includes(answer.status), answer.text);
    assert.doesNotMatch(answer.text, /sqlite/i);
  });
});
