import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerJson, answerProblem, startFakeApi } from '../support/fake-api.ts';
import { createPlace } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { closedAdmission, pressureWords } from '../support/sample-admission.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { sampleJob } from '../support/sample-job.ts';

checkLeaks();

describe('farhand agents NAME', () => {
  it('shows one in full, and nothing that drives the terminal', async () => {
    const agent = sampleAgent({
      drain: true,
      schedulable: false,
      note: 'new \u001B[2Jdisk',
      health: { state: 'degraded', problems: ['the disk is nearly full: free some'] },
    });
    await using api = await startFakeApi({ 'GET /agents/a1': (_, response) => answerJson(response, agent) });
    const environment = { FARHAND_HUB_URL: api.address };

    const { stdout } = await runCommand(['agents', 'a1'], { environment, isTerminal: true });
    const json = await runCommand(['agents', 'a1', '--json'], { environment });

    for (const line of [
      /^state: +draining$/m,
      /^note: +new disk$/m,
      /^health: +degraded$/m,
      /^version: +\d/m,
      /^labels: +site=ams$/m,
      /^slots: +0 of 8 taken$/m,
      /^ {2}hello {2}000000000000$/m,
      /^problem: the disk is nearly full: free some$/m,
    ]) {
      assert.match(stdout, line);
    }
    assert.deepEqual(JSON.parse(json.stdout), agent);
  });

  it('does not call one that is gone draining or pressed, which it was when it left', async () => {
    const gone = { online: false, health: { state: 'draining' as const, problems: [] } };
    const agents = [
      sampleAgent({ name: 'stopped', ...gone }),
      sampleAgent({ name: 'pressed', online: false, admission: closedAdmission() }),
      sampleAgent({ name: 'leaving', ...gone, online: true }),
      sampleAgent({ name: 'broken', online: false, health: { state: 'degraded', problems: ['x'] } }),
    ];
    await using api = await startFakeApi({
      'GET /agents': (_, response) => answerJson(response, { items: agents, nextCursor: null }),
      'GET /agents/stopped': (_, response) => answerJson(response, agents[0]),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const all = await runCommand(['agents'], { environment });
    const one = await runCommand(['agents', 'stopped'], { environment });

    const words = all.stdout
      .trim()
      .split('\n')
      .map((line) => [line.split('\t')[0], line.split('\t')[4]].join(' '));
    assert.deepEqual(words, ['stopped -', 'pressed -', 'leaving draining', 'broken degraded']);
    assert.match(one.stdout, /^health: +-$/m);
  });

  it('says that it takes nothing under pressure, and how hard it is pressed; so does the list', async () => {
    const agent = sampleAgent({
      admission: closedAdmission(),
      health: { state: 'degraded', problems: [`takes no jobs: ${pressureWords}`] },
    });
    await using api = await startFakeApi({
      'GET /agents/a1': (_, response) => answerJson(response, agent),
      'GET /agents': (_, response) => answerJson(response, { items: [agent], nextCursor: null }),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const one = await runCommand(['agents', 'a1'], { environment });
    const all = await runCommand(['agents'], { environment });

    assert.match(one.stdout, /^admission: +closed for \S+/m);
    assert.match(one.stdout, /^pressure: +memory 43 %, processors 99 %$/m);
    assert.match(one.stdout, /^loop lag: +0 ms; the longest stop of a minute 41 ms$/m);
    assert.match(one.stdout, /^problem: takes no jobs: memory pressure 43 % over 10 s, limit 20 %$/m);
    assert.match(all.stdout, /a1\s+online\s+0\/8\s+1\s+pressure\s/);
    assert.match(all.stderr, /^a1: takes no jobs: memory pressure 43 %/m);
  });
});

describe('farhand drain and resume', () => {
  it('send the wish with its note, and say what it comes to', async () => {
    await using api = await startFakeApi({
      'POST /agents/a1/drain': (_, response) =>
        answerJson(response, sampleAgent({ schedulable: false, slots: { total: 8, used: 2 } }), 202),
      'POST /agents/a1/resume': (_, response) => answerJson(response, sampleAgent({ online: false }), 202),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const drained = await runCommand(['drain', 'a1', '--note', 'new disk'], { environment });
    const resumed = await runCommand(['resume', 'a1'], { environment });

    assert.equal(drained.stdout, 'a1 takes no more work; 2 jobs run on it still\n');
    assert.equal(resumed.stdout, 'a1 takes work again as soon as it is back: it is offline now\n');
    assert.deepEqual(
      api.requests.map(({ body }) => body),
      [{ note: 'new disk' }, { note: null }],
    );
  });

  it('--wait returns when nothing runs any more, also when the hub is away in between', async () => {
    const used = [2, -1, 1, 0];
    await using api = await startFakeApi({
      'POST /agents/a1/drain': (_, response) =>
        answerJson(response, sampleAgent({ slots: { total: 8, used: 2 } }), 202),
      'GET /agents/a1': (_, response) => {
        const next = used.shift() ?? 0;
        if (next < 0) answerProblem(response, 'unavailable', 'the hub is stopping');
        else answerJson(response, sampleAgent({ slots: { total: 8, used: next } }));
      },
    });

    const result = await runCommand(['drain', 'a1', '--wait'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.stderr, 'waiting for 2 jobs on a1\nthe hub is away; waiting for it\nwaiting for 1 job on a1\n');
    assert.equal(result.stdout, 'a1 takes no more work, and nothing runs on it\n');
    assert.equal(used.length, 0);
  });

  it('who may not is told so', async () => {
    await using api = await startFakeApi({
      'POST /agents/a1/drain': (_, response) => answerProblem(response, 'not-allowed', 'expected the role admin'),
    });

    const result = await runCommand(['drain', 'a1'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.exitCode, 3);
    assert.match(result.stderr, /expected the role admin\n {2}.*its role does not allow this/);
  });

  it('hold on a real hub: the agent gets no job until it is resumed, and what ran went on', async () => {
    await using place = await createPlace();
    const hub = await place.hub();
    await using _hub = hub.process;
    await using _agent = await place.agent(hub.address, hub.client);
    const ask = (...args: readonly string[]) => runCommand(args, { environment: hub.client });
    const running = (await ask('run', 'count', '-p', 'to=3', '-p', 'seconds=1', '--detach')).stdout.trim();
    await ask('logs', '-f', running);

    const drained = await ask('drain', 'a1', '--note', 'disk', '--wait');
    const waiting = (await ask('run', 'hello', '--detach')).stdout.trim();
    const why = await ask('jobs', waiting);
    const resumed = await ask('resume', 'a1');
    const ended = await ask('jobs', waiting, '--watch');
    const first = JSON.parse((await ask('jobs', running, '--json')).stdout);

    assert.equal(drained.stdout, 'a1 takes no more work, and nothing runs on it\n');
    assert.match(why.stdout, /a1 is draining and takes no new jobs/);
    assert.match(resumed.stdout, /takes work again/);
    assert.match(ended.stdout, new RegExp(`${waiting}\tsucceeded\thello\ta1`));
    assert.deepEqual([ended.exitCode, first.state], [0, 'succeeded']);
  });
});

describe('farhand rerun, logs --attempt and run with files', () => {
  it('rerun gives the secrets again and watches the new job to its end', async () => {
    const again = sampleJob({ id: '0197a1f0-0000-7000-8000-000000000009', state: 'failed', exitCode: 3 });
    await using api = await startFakeApi({
      'POST /jobs/1/rerun': (_, response) => answerJson(response, { ...again, state: 'queued', log: null }, 201),
      [`GET /jobs/${again.id}`]: (_, response) => answerJson(response, again),
      [`GET /jobs/${again.id}/log`]: (_, response) => void response.end('once more\n'),
    });
    const environment = { FARHAND_HUB_URL: api.address, PIN: '1234' };

    const watched = await runCommand(['rerun', '1', '-s', 'PIN'], { environment });
    const detached = await runCommand(['rerun', '1', '-s', 'PIN', '-d'], { environment });

    assert.deepEqual([watched.stdout, watched.exitCode], ['once more\n', 1]);
    assert.equal(detached.stdout, `${again.id}\n`);
    assert.deepEqual(api.requests[0]?.body, { secrets: { PIN: '1234' } });
    assert.doesNotMatch(watched.stderr, /1234/);
  });

  it('logs --attempt reads the log of an earlier try', async () => {
    await using api = await startFakeApi({
      'GET /jobs/1/attempts/2/log': (_, response) => void response.end('second try\n'),
    });

    const result = await runCommand(['logs', '1', '--attempt', '2'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.stdout, 'second try\n');
  });
});
