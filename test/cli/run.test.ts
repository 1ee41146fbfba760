import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { answerJson, answerProblem, type FakeApi, type FakeRoute, startFakeApi } from '../support/fake-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type CommandResult, runCommand } from '../support/run-command.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { sampleAutomation, sampleJob } from '../support/sample-job.ts';

checkLeaks();

const { id } = sampleJob();
const log = 'one\ntwo\n';

/** A hub on which a job of `hello` ends as `ended` says, after it printed `log`. */
function hubWith(ended: Partial<Job>, routes: Readonly<Record<string, FakeRoute>> = {}): Promise<FakeApi> {
  const job = sampleJob({
    log: { bytes: log.length, sha256: null, complete: true, gaps: [], trailing: 0, removedAt: null },
    ...ended,
  });
  const queued = sampleJob({
    state: 'queued',
    agent: null,
    attempt: null,
    log: null,
    startedAt: null,
    finishedAt: null,
  });
  return startFakeApi({
    'GET /automations': (_, response) => answerJson(response, { items: [sampleAutomation()], nextCursor: null }),
    'POST /jobs': (_, response) => answerJson(response, queued, 201),
    [`GET /jobs/${id}`]: (_, response) => answerJson(response, job),
    [`GET /jobs/${id}/log`]: (_, response) => void response.end(log),
    ...routes,
  });
}

function run(api: FakeApi, ...args: readonly string[]): Promise<CommandResult> {
  return runCommand(['run', ...args], {
    environment: { FARHAND_HUB_URL: api.address, FARHAND_TOKEN: 'secret-token', HOME_PASSWORD: 'from env' },
  });
}

function submitted(api: FakeApi): unknown {
  return api.requests.find(({ method }) => method === 'POST')?.body;
}

/** Refuses the first submissions as a hub without room does. */
function refuseFirst(times: number, retryAfter: string): FakeRoute {
  let refused = 0;
  return (_, response) => {
    refused += 1;
    if (refused > times) return answerJson(response, sampleJob({ state: 'queued' }), 201);
    response.setHeader('retry-after', retryAfter);
    answerProblem(response, 'too-many', 'the queue is full');
  };
}

describe('farhand run', () => {
  it('writes the log to standard output, the rest to standard error, and ends as the job did', async () => {
    await using api = await hubWith({ outputs: { answer: 42 } });

    const result = await run(api, 'hello');

    assert.equal(result.stdout, log);
    assert.match(result.stderr, new RegExp(`^job ${id}\n`));
    assert.match(result.stderr, /succeeded on a1 after 2\.0 s\noutputs \{"answer":42\}\n$/);
    assert.equal(result.exitCode, 0);
    assert.equal(api.requests[0]?.headers.authorization, 'Bearer secret-token');
  });

  it('hands on the trace that it is called in, and nothing that is none', async () => {
    await using api = await hubWith({});
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const own = { FARHAND_HUB_URL: api.address, FARHAND_TOKEN: 'secret-token' };
    const runIn = (trace: object) => runCommand(['run', 'hello', '--detach'], { environment: { ...own, ...trace } });

    await runIn({ TRACEPARENT: traceparent, TRACESTATE: 'congo=t61' });
    await runIn({ TRACEPARENT: traceparent, TRACESTATE: 'a\nb: c' });
    await runIn({ TRACEPARENT: 'a\nb: c', TRACESTATE: 'congo=t61' });

    const told = api.requests.filter(({ method }) => method === 'POST').map(({ headers }) => headers);
    assert.deepEqual(
      told.map((headers) => [headers['traceparent'], headers['tracestate']]),
      [
        [traceparent, 'congo=t61'],
        [traceparent, undefined],
        [undefined, undefined],
      ],
    );
  });

  for (const [state, exitCode] of [
    ['failed', 1],
    ['cancelled', 4],
    ['timed-out', 4],
    ['lost', 5],
  ] as const) {
    it(`exits with ${exitCode} for a job that is ${state}`, async () => {
      await using api = await hubWith({ state });

      const result = await run(api, 'hello');

      assert.equal(result.exitCode, exitCode);
      assert.match(result.stderr, new RegExp(`job ${id} ${state}`));
    });
  }

  it('with --json writes the ended job as one document to standard output, and the log beside it', async () => {
    await using api = await hubWith({ state: 'failed', exitCode: 3 });

    const result = await run(api, 'hello', '--json');

    assert.equal(JSON.parse(result.stdout).exitCode, 3);
    assert.match(result.stderr, /one\ntwo\n/);
  });

  it('with --detach prints the id alone and follows nothing', async () => {
    await using api = await hubWith({});

    const result = await run(api, 'hello', '--detach');

    assert.equal(result.stdout, `${id}\n`);
    assert.equal(result.stderr, '');
    assert.equal(api.requests.length, 2);
  });

  it('hears first what an agent offers that has just come, so that it knows what a parameter is meant to be', async () => {
    let asked = 0;
    const items = [sampleAutomation({ parameters: { properties: { count: { type: 'integer' } } } })];
    await using api = await hubWith(
      {},
      {
        'GET /automations': (_, response) => {
          asked += 1;
          answerJson(response, { items: asked < 3 ? [] : items, nextCursor: null });
        },
        'GET /agents': (_, response) =>
          answerJson(response, { items: [sampleAgent({ version: null, automations: [] })], nextCursor: null }),
      },
    );

    await run(api, 'hello', '-d', '-p', 'count=3');

    assert.deepEqual((submitted(api) as { parameters: unknown }).parameters, { count: 3 });
    assert.equal(asked, 3);
  });

  it('sends parameters as text, JSON, or what the schema takes there', async () => {
    const parameters = {
      properties: { count: { type: 'integer' }, flag: { type: 'boolean' }, name: { type: 'string' } },
    };
    await using api = await hubWith(
      {},
      {
        'GET /automations': (_, response) => answerJson(response, { items: [sampleAutomation({ parameters })] }),
      },
    );

    await run(
      api,
      'hello',
      '-d',
      '-p',
      'count=3',
      '-p',
      'flag=true',
      '-p',
      'name=7',
      '-p',
      'list:=[1,"a=b"]',
      '-p',
      'free=$(x) = "y"\n',
      '-p',
      'empty=',
    );

    assert.deepEqual((submitted(api) as { parameters: unknown }).parameters, {
      count: 3,
      flag: true,
      name: '7',
      list: [1, 'a=b'],
      free: '$(x) = "y"\n',
      empty: '',
    });
  });

  it('takes secrets from files and variables in silence, and warns of those on the command line', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await writeFile(join(folder.path, 'key'), 'line 1\nline 2\n');
    await using api = await hubWith({});

    const silent = await run(api, 'hello', '-d', '-s', `key=@${join(folder.path, 'key')}`, '-s', 'HOME_PASSWORD');
    const warned = await run(api, 'hello', '-d', '-s', 'pin=1=2');

    assert.deepEqual((submitted(api) as { secrets: unknown }).secrets, {
      key: 'line 1\nline 2',
      HOME_PASSWORD: 'from env',
    });
    assert.equal(silent.stderr, '');
    assert.match(warned.stderr, /the secret pin stands on the command line/);
    assert.doesNotMatch(warned.stderr, /1=2/);
  });

  it('sends every other wish', async () => {
    await using api = await hubWith({});

    await run(
      api,
      ...'hello -d -l site=ams -l tier --priority 5 --timeout 2m --expires 1h --retry 2 --retry-on signal --label ticket=42 --idempotency-key k1'.split(
        ' ',
      ),
    );

    assert.deepEqual(submitted(api), {
      automation: 'hello',
      parameters: {},
      secrets: {},
      selector: 'site=ams,tier',
      priority: 5,
      timeoutSeconds: 120,
      expiresInSeconds: 3600,
      retry: { limit: 2, on: ['signal'] },
      labels: { ticket: '42' },
    });
    assert.equal(api.requests.at(-1)?.headers['idempotency-key'], 'k1');
  });

  it('names the nearest automation instead of queueing what nobody offers', async () => {
    await using api = await hubWith({});

    const result = await run(api, 'helo');

    assert.equal(result.exitCode, 2);
    assert.match(
      result.stderr,
      /no agent offers an automation named "helo"\n {2}Did you mean hello\?\n {2}There are: hello\n/,
    );
    assert.equal(submitted(api), undefined);
  });

  it('lists each wrong place of the parameters', async () => {
    const errors = [
      { pointer: '/parameters/name', message: 'is required' },
      { pointer: '/parameters/nme', message: 'is not known' },
    ];
    await using api = await hubWith(
      {},
      { 'POST /jobs': (_, response) => answerProblem(response, 'parameters-invalid', 'two things', errors) },
    );

    const result = await run(api, 'hello', '-p', 'nme=x');

    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /\/parameters\/name: is required\n {2}\/parameters\/nme: is not known\n/);
  });

  it('says why a job waits, for each agent and with a next step', async () => {
    let looks = 0;
    const waiting: Job['waiting'] = [
      { agent: 'a1', reason: 'offline' },
      { agent: 'a2', reason: 'labels' },
      { agent: 'a3', reason: 'pressure', message: 'memory pressure 43 % over 10 s, limit 20 %' },
    ];
    const queued = sampleJob({ state: 'queued', attempt: null, log: null, selector: 'site=ams', waiting });
    await using api = await hubWith(
      {},
      {
        [`GET /jobs/${id}`]: (_, response) => answerJson(response, looks++ < 2 ? queued : sampleJob()),
        [`GET /jobs/${id}/log`]: (_, response) => void setTimeout(() => response.end(), 1_200),
      },
    );

    const result = await run(api, 'hello');

    assert.match(
      result.stderr,
      /waiting: no agent can take the job now\n {2}a1 is offline; .*\n {2}a2 does not carry the labels that "site=ams" asks for.*\n {2}a3 is under pressure; .*\n {4}a3: memory pressure 43 % over 10 s, limit 20 %\n/,
    );
    assert.equal(result.exitCode, 0);
  });

  it('speaks of several agents as of several', async () => {
    const reasons = ['offline', 'automation', 'store-changed'] as const;
    const queued = sampleJob({
      state: 'queued',
      attempt: null,
      log: null,
      waiting: reasons.flatMap((reason) => [1, 2].map((at) => ({ agent: `${reason}-${at}`, reason }))),
    });
    await using api = await hubWith({}, { [`GET /jobs/${id}`]: (_, response) => answerJson(response, queued) });

    const { stdout } = await runCommand(['jobs', id], { environment: { FARHAND_HUB_URL: api.address } });

    assert.match(stdout, /offline-1 and offline-2 are offline; start them, or wait until they are back/);
    assert.match(stdout, /automation-1 and automation-2 do not offer .*their automations folders/);
    assert.match(stdout, /store-changed-1 and store-changed-2 saw .*on the machine of each: `farhand agent trust-hub`/);
  });

  it('says how a first agent joins where the account has none', async () => {
    let looks = 0;
    const queued = sampleJob({
      state: 'queued',
      attempt: null,
      log: null,
      waitingReasons: [{ reason: 'no-agent', agents: 0 }],
    });
    await using api = await hubWith(
      {},
      {
        [`GET /jobs/${id}`]: (_, response) => answerJson(response, looks++ < 2 ? queued : sampleJob()),
        [`GET /jobs/${id}/log`]: (_, response) => void setTimeout(() => response.end(), 1_200),
      },
    );

    const watched = await run(api, 'hello');
    looks = 0;
    const shown = await runCommand(['jobs', id], { environment: { FARHAND_HUB_URL: api.address } });

    const words = /waiting: no agent has joined this hub yet\n {2}make a token with `farhand token create --join`/;
    assert.match(watched.stderr, words);
    assert.match(shown.stdout, words);
  });

  it('goes on at the byte where it was when the log breaks off', async () => {
    const offsets: (string | null)[] = [];
    await using api = await hubWith(
      {},
      {
        [`GET /jobs/${id}`]: (_, response) =>
          answerJson(
            response,
            sampleJob({
              state: offsets.length < 2 ? 'running' : 'succeeded',
              log: { bytes: 8, sha256: null, complete: true, gaps: [], trailing: 0, removedAt: null },
            }),
          ),
        [`GET /jobs/${id}/log`]: ({ query }, response) => {
          offsets.push(query.get('offset'));
          if (offsets.length > 1) response.end(log.slice(Number(query.get('offset'))));
          else response.write(log.slice(0, 5), () => setImmediate(() => response.destroy()));
        },
      },
    );

    const result = await run(api, 'hello');

    assert.equal(result.stdout, log);
    assert.deepEqual(offsets, ['0', '5']);
  });
});

describe('what a run takes from files, and shows while it goes on', () => {
  it('takes parameters from files, in the order in which they are typed', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const some = join(folder.path, 'some.json');
    const more = join(folder.path, 'more.json');
    await writeFile(some, '{"a": 1, "b": {"c": [true]}}');
    await writeFile(more, '{"a": 2}');
    await using api = await hubWith({});

    await run(api, 'hello', '-d', '--parameters-file', some, '-p', 'x=1', '-p', `@${more}`, '-p', 'x=2');

    assert.deepEqual((submitted(api) as { parameters: unknown }).parameters, { a: 2, b: { c: [true] }, x: '2' });
  });

  it('refuses a file that holds no object, and submits nothing', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const file = join(folder.path, 'list.json');
    await writeFile(file, '[1]');
    await using api = await hubWith({});

    const result = await run(api, 'hello', '-p', `@${file}`);

    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /-p \S+list\.json: .*\n {2}Expected one JSON object/);
    assert.equal(submitted(api), undefined);
  });

  it('shows how far the job is on standard error, and never in the log', async () => {
    let looks = 0;
    const running = sampleJob({
      state: 'running',
      finishedAt: null,
      progress: { percent: 40, message: 'copying', outputs: null } as Job['progress'],
    });
    await using api = await hubWith(
      {},
      {
        [`GET /jobs/${id}`]: (_, response) => answerJson(response, looks++ < 2 ? running : sampleJob()),
        [`GET /jobs/${id}/log`]: (_, response) => {
          response.write('one\n');
          setTimeout(() => response.end('two\n'), 1_200);
        },
      },
    );

    const result = await run(api, 'hello');

    assert.equal(result.stdout, log);
    assert.match(result.stderr, /\nprogress 40 % copying\n/);
    assert.equal(result.exitCode, 0);
  });

  it('submits again, under one key, when a hub without room says when, and says so', async () => {
    await using api = await hubWith({}, { 'POST /jobs': refuseFirst(2, '0') });

    const result = await run(api, 'hello');

    const keys = api.requests
      .filter(({ method }) => method === 'POST')
      .map(({ headers }) => headers['idempotency-key']);
    assert.equal(result.exitCode, 0);
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
    assert.equal(
      result.stderr.match(/the hub takes no job now: .*the queue is full.*; trying again in 1 s/g)?.length,
      2,
    );
  });

  it('gives up after a few tries, or at once where the hub asks for too long a wait', async () => {
    await using busy = await hubWith({}, { 'POST /jobs': refuseFirst(100, '0') });
    await using full = await hubWith({}, { 'POST /jobs': refuseFirst(100, '3600') });

    const [tried, refused] = await Promise.all([run(busy, 'hello'), run(full, 'hello')]);

    const count = (api: FakeApi) => api.requests.filter(({ method }) => method === 'POST').length;
    assert.deepEqual([count(busy), count(full)], [6, 1]);
    assert.ok(tried.exitCode !== 0 && refused.exitCode !== 0);
    assert.match(refused.stderr, /the queue is full/);
  });
});
