import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { answerJson, answerProblem, type FakeRoute, startFakeApi } from '../support/fake-api.ts';
import { startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { sampleJob } from '../support/sample-job.ts';

checkLeaks();

const { id } = sampleJob();
const unended = { finishedAt: null, exitCode: null, cause: null, message: null, log: null } as const;

/** Answers with one state of the job after the other, and stays at the last. */
function inTurn(...states: readonly Partial<Job>[]): FakeRoute {
  let looks = 0;
  return (_, response) => answerJson(response, sampleJob(states[Math.min(looks++, states.length - 1)]));
}

const events: FakeRoute = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': farhand events\n\n');
};

describe('--watch', () => {
  it('of one job prints a line for each change, and ends with its exit code', async () => {
    await using api = await startFakeApi({
      'GET /events': events,
      [`GET /jobs/${id}`]: inTurn(
        { ...unended, state: 'queued', agent: null, startedAt: null },
        {
          ...unended,
          state: 'running',
          progress: { percent: 40, message: 'copying', outputs: null } as Job['progress'],
        },
        {
          ...unended,
          state: 'running',
          progress: { percent: 40, message: 'copying', outputs: null } as Job['progress'],
        },
        { state: 'failed', exitCode: 3 },
      ),
    });

    const result = await runCommand(['jobs', id, '--watch'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(
      result.stdout,
      [`${id}\tqueued\thello\t-\t`, `${id}\trunning\thello\ta1\t40 % copying`, `${id}\tfailed\thello\ta1\t`, ''].join(
        '\n',
      ),
    );
    assert.equal(result.exitCode, 1);
  });

  it('draws over what it drew on a terminal', async () => {
    await using api = await startFakeApi({
      'GET /events': events,
      [`GET /jobs/${id}`]: inTurn({ ...unended, state: 'running' }, { state: 'succeeded' }),
    });

    const { stdout } = await runCommand(['jobs', id, '--watch'], {
      environment: { FARHAND_HUB_URL: api.address },
      isTerminal: true,
      columns: 80,
    });

    const screens = stdout.split('\u001B[H').slice(1);
    assert.equal(screens.length, 2);
    assert.match(screens[0] ?? '', /state: +running/);
    assert.match(screens[1] ?? '', /state: +succeeded/);
  });

  it('waits for a hub that is away, and says so once', async () => {
    let looks = 0;
    await using api = await startFakeApi({
      'GET /events': events,
      [`GET /jobs/${id}`]: (_, response) => {
        looks += 1;
        if (looks < 3) answerProblem(response, 'unavailable', 'the hub is starting');
        else answerJson(response, sampleJob());
      },
    });

    const result = await runCommand(['jobs', id, '--watch'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.stderr, 'the hub is starting; trying again\n');
    assert.deepEqual([result.exitCode, looks], [0, 3]);
  });

  it('of agents looks again when the hub says that something happened, and ends with Ctrl-C', async () => {
    let isOnline = true;
    let stream: ServerResponse | null = null;
    await using api = await startFakeApi({
      'GET /agents': (_, response) =>
        answerJson(response, { items: [sampleAgent({ online: isOnline })], nextCursor: null }),
      'GET /events': (request, response) => {
        stream = response;
        return events(request, response);
      },
    });
    await using watching = startFarhand(['agents', '--watch'], { environment: { FARHAND_HUB_URL: api.address } });
    await watching.line(/^a1\tonline\t0\/8\tok$/m);

    isOnline = false;
    (stream as ServerResponse | null)?.write(
      'id: 7\nevent: agent.offline\ndata: {"at":"x","actor":"hub","object":"agent:1","data":{}}\n\n',
    );
    await watching.line(/^a1\toffline\t/m);
    watching.kill('SIGINT');
    const ended = await watching.ended;

    assert.equal(ended.exitCode, 130);
    assert.equal(ended.stdout, 'a1\tonline\t0/8\tok\na1\toffline\t0/8\tok\n');
  });
});

describe('farhand events', () => {
  it('prints each once, also when the hub goes away in between', async () => {
    const asked: (string | undefined)[] = [];
    await using api = await startFakeApi({
      'GET /jobs/1/events': ({ headers }, response) => {
        const last = headers['last-event-id'];
        asked.push(typeof last === 'string' ? last : undefined);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const text = (sequence: number) =>
          `id: ${sequence}\nevent: job.running\ndata: {"at":"t${sequence}","actor":"hub","action":"job.running","object":"job:1","data":{"number":${sequence}}}\n\n`;
        if (last === undefined) response.end(`: hello\n\n${text(1)}${text(2)}id: 3\nevent: job.ru`);
        else response.write(text(3));
      },
    });
    await using printing = startFarhand(['events', '--job', '1'], { environment: { FARHAND_HUB_URL: api.address } });

    await printing.line(/^t3\t/m);
    printing.kill('SIGTERM');
    const { stdout, exitCode } = await printing.ended;

    assert.deepEqual(
      stdout.trimEnd().split('\n'),
      [1, 2, 3].map((sequence) => `t${sequence}\tjob.running\tjob:1\thub\t{"number":${sequence}}`),
    );
    assert.deepEqual(asked, [undefined, '2']);
    assert.equal(exitCode, 143);
  });

  it('says so when the hub refuses', async () => {
    await using api = await startFakeApi({
      'GET /events': (_, response) => answerProblem(response, 'token-invalid', 'the token is not valid'),
    });

    const result = await runCommand(['events'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.exitCode, 3);
    assert.match(result.stderr, /the token is not valid\n {2}FARHAND_TOKEN is not/);
  });
});
