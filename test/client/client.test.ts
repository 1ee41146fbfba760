import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, allItems, createClient } from 'farhand/client';
import { type ApiHarness, startApi } from '../hub/api/api-harness.ts';
import { enrolAgent, startAttempt } from '../hub/api/job-run.ts';
import { answerJson, answerProblem, type FakeRoute, startFakeApi } from '../support/fake-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { sampleJob } from '../support/sample-job.ts';

checkLeaks();

function clientOf(api: ApiHarness, token = api.tokens.admin) {
  return createClient({ address: api.url, token });
}

/** Answers differently each time; the last one stays. */
function inTurn(...routes: readonly [FakeRoute, ...FakeRoute[]]): FakeRoute {
  let turn = 0;
  return (request, response) => (routes[Math.min(turn++, routes.length - 1)] ?? routes[0])(request, response);
}

describe('the client and a hub', () => {
  it('submits, gets, lists and cancels', async () => {
    await using api = await startApi();
    const client = clientOf(api);

    const job = await client.submitJob({ automation: 'greet', parameters: { name: 'ada' }, labels: { ticket: '42' } });
    const got = await client.getJob(job.id);
    const listed = await client.listJobs({ state: ['queued', 'running'], label: ['ticket=42'] });
    const cancelled = await client.cancelJob(job.id);

    assert.deepEqual([job.state, got], ['queued', job]);
    assert.deepEqual(
      listed.items.map(({ id }) => id),
      [job.id],
    );
    assert.equal(cancelled.state, 'cancelled');
  });

  it('goes through all pages', async () => {
    await using api = await startApi();
    const client = clientOf(api);
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await client.submitJob({ automation: 'greet' })).id);

    const seen: string[] = [];
    for await (const { id } of allItems(client.listJobs, { limit: 2 })) seen.push(id);

    assert.deepEqual(seen, ids);
  });

  it('rejects with the hub’s problem, by code', async () => {
    await using api = await startApi();

    await assert.rejects(clientOf(api, 'wrong').listJobs(), { name: 'ApiError', problemCode: 'token-invalid' });
    await assert.rejects(clientOf(api).getJob('nobody'), { code: 'problem', problemCode: 'not-found' });
    await assert.rejects(clientOf(api).submitJob({ automation: '' }), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual(error.problem?.errors?.[0]?.pointer, '/automation');
      return true;
    });
  });

  it('edits an agent only when nobody did meanwhile', async () => {
    await using api = await startApi();
    await enrolAgent(api, 'a1');
    const client = clientOf(api);
    let tag: string | undefined;
    await client.getAgent('a1', { onResponse: ({ headers }) => (tag = headers.get('etag') ?? undefined) });

    const drained = await client.drainAgent('a1', { note: 'disk' }, { ifMatch: tag });

    assert.equal(drained.schedulable, false);
    await assert.rejects(client.resumeAgent('a1', {}, { ifMatch: tag }), { problemCode: 'stale' });
  });

  it('follows a log to the end of the job, and returns the job', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const client = clientOf(api);
    const { id } = await client.submitJob({ automation: 'greet' });
    const run = await startAttempt(api, id, agent);
    await run.write('one\n');

    const log = client.followLog(id);
    let text = '';
    let ending: Promise<void> | null = null;
    for (;;) {
      const { done, value } = await log.next();
      if (done === true) {
        assert.equal(value.state, 'succeeded');
        break;
      }
      text += Buffer.from(value).toString();
      ending ??= run.write('two\n').then(() => run.end());
    }
    await ending;

    assert.equal(text, 'one\ntwo\n');
    assert.equal((await client.waitForJob(id)).state, 'succeeded');
  });

  it('waits for the end of a job without reading its log', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const client = clientOf(api);
    const { id } = await client.submitJob({ automation: 'greet' });
    const run = await startAttempt(api, id, agent);
    let bytes = 0;
    const counting = createClient({
      address: api.url,
      token: api.tokens.admin,
      fetch: async (...input) => {
        const response = await fetch(...input);
        if (!response.url.includes('/log')) return response;
        const count = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            bytes += chunk.length;
            controller.enqueue(chunk);
          },
        });
        return new Response(response.body?.pipeThrough(count) ?? null, response);
      },
    });

    const waiting = counting.waitForJob(id);
    await run.write('a long log\n');
    await run.end();
    const ended = await waiting;
    const later = await counting.waitForJob(id);

    assert.deepEqual([ended.state, ended.log?.bytes, later.state, bytes], ['succeeded', 11, 'succeeded', 0]);
  });

  it('hangs up when a reader leaves a log or a stream', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const client = clientOf(api);
    const { id } = await client.submitJob({ automation: 'greet' });
    await (await startAttempt(api, id, agent)).write('one\n');

    for await (const chunk of client.followLog(id)) {
      assert.equal(Buffer.from(chunk).toString(), 'one\n');
      break;
    }
    for await (const { event } of client.watchJob(id)) {
      assert.equal(event, 'job.queued');
      break;
    }
  });

  it('gives out events, as typed as the rest', async () => {
    await using api = await startApi();
    const client = clientOf(api);
    const job = await client.submitJob({ automation: 'greet' });
    await client.cancelJob(job.id);

    const seen: string[] = [];
    for await (const { id, event, data } of client.watchJob(job.id)) {
      assert.match(id ?? '', /^[\w-]{22}$/);
      assert.deepEqual([data.action, data.object], [event, `job:${job.id}`]);
      seen.push(event);
      if (event === 'job.cancelled') break;
    }

    assert.deepEqual(seen, ['job.queued', 'job.cancelled']);
  });
});

describe('the client and a hub in trouble', () => {
  it('sends a submission again with the same key, and a cancel never', async () => {
    const job = sampleJob();
    await using hub = await startFakeApi({
      'POST /jobs': inTurn(
        (_, response) => void response.destroy(),
        (_, response) => answerProblem(response, 'unavailable', 'starting'),
        (_, response) => answerJson(response, job, 201),
      ),
      [`POST /jobs/${job.id}/cancel`]: (_, response) => answerProblem(response, 'unavailable', 'starting'),
    });
    const client = createClient({ address: hub.address, token: 't' });

    const submitted = await client.submitJob({ automation: 'greet' });
    const keys = new Set(hub.requests.map(({ headers }) => headers['idempotency-key']));
    await assert.rejects(client.cancelJob(job.id), { problemCode: 'unavailable' });

    assert.equal(submitted.id, job.id);
    assert.equal(hub.requests.length, 4);
    assert.equal(keys.size, 1);
    assert.match([...keys][0]?.toString() ?? '', /^[0-9a-f-]{36}$/);
  });

  it('gives up after as many tries as it was told, and says why', async () => {
    await using hub = await startFakeApi({ 'GET /jobs': (_, response) => void response.destroy() });
    const tries = async (retries: number) => {
      const before = hub.requests.length;
      await assert.rejects(createClient({ address: hub.address, token: null, retries }).listJobs(), {
        name: 'ApiError',
        code: 'unreachable',
      });
      return hub.requests.length - before;
    };

    assert.deepEqual([await tries(0), await tries(1)], [1, 2]);
  });

  it('waits no longer for an answer than it was told, and not at all once it was aborted', async () => {
    const held: (() => void)[] = [];
    await using hub = await startFakeApi({
      'GET /agents': () => new Promise<void>((resolve) => held.push(resolve)),
    });
    const client = createClient({ address: hub.address, token: null, retries: 0 });
    const aborting = new AbortController();
    const reason = new Error('enough');

    await assert.rejects(client.listAgents({}, { timeoutMs: 30 }), /no answer within 0.03 s/);
    const asking = client.listAgents({}, { signal: aborting.signal });
    aborting.abort(reason);
    await assert.rejects(asking, reason);
    for (const release of held) release();
  });

  it('tells a hub from something else', async () => {
    await using hub = await startFakeApi({
      'GET /agents': (_, response) => void response.writeHead(502).end('<html>Bad Gateway'),
      'GET /jobs': (_, response) => void response.writeHead(200).end('<html>Log in'),
    });
    const client = createClient({ address: hub.address, token: null });

    await assert.rejects(client.listAgents(), { code: 'not-a-hub', problemCode: null });
    await assert.rejects(client.listJobs(), { code: 'not-a-hub' });
  });

  it('goes on after the last event when the stream breaks off, as often as it takes', async () => {
    const event = (id: number) =>
      `id: ${id}\nevent: job.queued\ndata: {"at":"2030-01-01T12:00:00.000Z","actor":"hub","action":"job.queued","object":"job:1","data":{}}\n\n`;
    const stream =
      (text: string): FakeRoute =>
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(text, () => response.destroy());
      };
    await using hub = await startFakeApi({
      'GET /events': inTurn(
        stream(`: hello\nretry: 1\n\n${event(1)}${event(2)}id: 3\nevent: half`),
        (_, response) => answerProblem(response, 'unavailable', 'starting'),
        stream(event(3)),
        stream(`${event(4)}`),
      ),
    });
    const client = createClient({ address: hub.address, token: null, retries: 0 });

    const seen: string[] = [];
    for await (const { id } of client.watchEvents()) {
      seen.push(id ?? '');
      if (id === '4') break;
    }

    assert.deepEqual(seen, ['1', '2', '3', '4']);
    assert.deepEqual(
      hub.requests.map(({ headers }) => headers['last-event-id']),
      [undefined, '2', '2', '3'],
    );
  });

  it('does not go on watching what the hub refuses', async () => {
    await using hub = await startFakeApi({
      'GET /events': (_, response) => answerProblem(response, 'not-allowed', 'no'),
    });
    const client = createClient({ address: hub.address, token: null });

    await assert.rejects(client.watchEvents().next(), { problemCode: 'not-allowed' });
  });
});
