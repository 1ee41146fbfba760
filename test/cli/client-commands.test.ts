import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { answerJson, answerProblem, startFakeApi } from '../support/fake-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { sampleJob } from '../support/sample-job.ts';

checkLeaks();

const job = sampleJob();

describe('client commands', () => {
  it('jobs prints a line a job with tabs for a program, and a table for a person', async () => {
    await using api = await startFakeApi({
      'GET /jobs': (_, response) => answerJson(response, { items: [job, sampleJob()], nextCursor: null }),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const piped = await runCommand(['jobs'], { environment });
    const seen = await runCommand(['jobs'], { environment, isTerminal: true });

    assert.equal(piped.stdout.split('\n')[0], [job.id, 'succeeded', 'hello', 'a1', job.createdAt, '2.0 s'].join('\t'));
    assert.match(seen.stdout, /^ID +STATE +AUTOMATION +AGENT +AGE +RAN\n/);
  });

  it('what others wrote never drives the terminal', async () => {
    const message = 'red \u001B[31m\u0007\nfarhand: all is well';
    await using api = await startFakeApi({
      [`GET /jobs/${job.id}`]: (_, response) =>
        answerJson(response, sampleJob({ state: 'lost', cause: 'process-lost', message })),
    });

    const result = await runCommand(['jobs', job.id], {
      environment: { FARHAND_HUB_URL: api.address },
      isTerminal: true,
    });

    assert.match(result.stdout, /\nmessage: +red +farhand: all is well\n/);
  });

  it('jobs follows pages up to its limit and passes its filters on', async () => {
    await using api = await startFakeApi({
      'GET /jobs': ({ query }, response) =>
        answerJson(response, { items: [job, job], nextCursor: query.get('cursor') === null ? 'next' : null }),
    });

    const result = await runCommand('jobs --json --limit 600 --state failed --label a=1 b=2'.split(' '), {
      environment: { FARHAND_HUB_URL: api.address },
    });

    assert.equal(JSON.parse(result.stdout).length, 4);
    assert.deepEqual(api.requests[0]?.query.getAll('label'), ['a=1', 'b=2']);
    assert.equal(api.requests[0]?.query.get('state'), 'failed');
    assert.equal(api.requests[1]?.query.get('cursor'), 'next');
    assert.equal(api.requests[1]?.query.get('limit'), '500');
  });

  it('--json keeps what a newer hub says and this version does not know', async () => {
    await using api = await startFakeApi({
      [`GET /jobs/${job.id}`]: (_, response) => answerJson(response, { ...job, newField: 1 }),
    });

    const result = await runCommand(['jobs', job.id, '--json'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(JSON.parse(result.stdout).newField, 1);
  });

  it('logs writes bytes as they are', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 27]);
    await using api = await startFakeApi({ [`GET /jobs/${job.id}/log`]: (_, response) => void response.end(bytes) });

    const result = await runCommand(['logs', job.id, '--timestamps'], {
      environment: { FARHAND_HUB_URL: api.address },
    });

    assert.equal(result.stdout, bytes.toString('utf8'));
    assert.equal(api.requests[0]?.query.get('timestamps'), 'true');
  });

  it('cancel says what becomes of the job, and why not', async () => {
    await using api = await startFakeApi({
      'POST /jobs/1/cancel': (_, response) => answerJson(response, sampleJob({ state: 'running' }), 202),
      'POST /jobs/2/cancel': (_, response) => answerProblem(response, 'job-ended', 'the job has ended: succeeded'),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const asked = await runCommand(['cancel', '1'], { environment });
    const late = await runCommand(['cancel', '2'], { environment });

    assert.match(asked.stdout, /will be cancelled; it is running now/);
    assert.equal(late.exitCode, 2);
    assert.match(late.stderr, /^farhand: the job has ended: succeeded\n {2}.*farhand rerun ID/);
  });

  it('token list shows what stands, and token revoke ends it', async () => {
    const made = { account: 'default', expiresAt: null, createdAt: '2030-01-01T12:00:00.000Z' };
    const user = { ...made, id: randomUUID(), role: 'viewer', name: 'ci' };
    const join = { ...made, id: randomUUID(), uses: 3, labels: { site: 'ams' }, allowedLabels: '', ephemeral: false };
    const gone = (_: unknown, response: ServerResponse) => void response.writeHead(204).end();
    await using api = await startFakeApi({
      'GET /tokens': (_, response) => answerJson(response, { items: [user], nextCursor: null }),
      'GET /join-tokens': (_, response) => answerJson(response, { items: [join], nextCursor: null }),
      [`DELETE /tokens/${user.id}`]: gone,
      [`DELETE /join-tokens/${join.id}`]: gone,
    });
    const environment = { FARHAND_HUB_URL: api.address, FARHAND_TOKEN: 't' };
    const run = (line: string) => runCommand(line.split(' '), { environment });

    const listed = await run('token list --account team');
    const joining = await run('token list --join --json');
    const revoked = await run(`token revoke ${user.id}`);
    const revokedJoin = await run(`token revoke --join ${join.id}`);
    const unknown = await run('token revoke nobody');

    assert.equal(listed.stdout, `${user.id}\tviewer\tci\t${made.createdAt}\tnever\n`);
    assert.equal(api.requests[0]?.query.get('account'), 'team');
    assert.deepEqual(JSON.parse(joining.stdout), [join]);
    assert.deepEqual([revoked.stdout, revoked.exitCode], [`token ${user.id} is revoked\n`, 0]);
    assert.equal(revokedJoin.exitCode, 0);
    assert.equal(unknown.exitCode, 2);
  });

  it('token create prints the token alone', async () => {
    await using api = await startFakeApi({
      'POST /join-tokens': (_, response) => answerJson(response, { token: 'fhj_x' }, 201),
      'POST /tokens': (_, response) => answerJson(response, { token: 'fhu_x' }, 201),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const join = await runCommand('token create --join --uses 3 --expires 1h --labels site=ams,tier=edge'.split(' '), {
      environment,
    });
    const user = await runCommand('token create --role operator --account team'.split(' '), { environment });

    assert.equal(join.stdout, 'fhj_x\n');
    assert.deepEqual(api.requests[0]?.body, { uses: 3, expiresInSeconds: 3600, labels: { site: 'ams', tier: 'edge' } });
    assert.equal(user.stdout, 'fhu_x\n');
    assert.deepEqual(api.requests[1]?.body, { role: 'operator', account: 'team' });
  });
});

describe('when something is wrong, client commands say what to do next', () => {
  it('no hub is named and none runs here', async () => {
    const result = await runCommand(['jobs']);

    assert.equal(result.exitCode, 2);
    assert.match(
      result.stderr,
      /FARHAND_HUB_URL is not set, and no `farhand dev` runs in .*\n {2}Start one here with `farhand dev`/,
    );
  });

  it('nobody answers', async () => {
    const gone = await startFakeApi({});
    await gone[Symbol.asyncDispose]();

    const result = await runCommand(['jobs'], { environment: { FARHAND_HUB_URL: gone.address } });

    assert.equal(result.exitCode, 3);
    assert.match(result.stderr, /no hub answers at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*\n {2}Start one/);
  });

  it('something else than a hub answers', async () => {
    await using api = await startFakeApi({ 'GET /jobs': (_, response) => void response.end('<html>') });

    const result = await runCommand(['jobs'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.exitCode, 3);
    assert.match(result.stderr, /not JSON\n {2}Is FARHAND_HUB_URL the address of a hub/);
  });

  for (const [code, exitCode, hint] of [
    ['token-missing', 3, /Give your token in FARHAND_TOKEN/],
    ['token-invalid', 3, /FARHAND_TOKEN is not a token of this hub/],
    ['not-allowed', 3, /its role does not allow this/],
    ['not-found', 2, /`farhand jobs` lists/],
    ['too-many', 3, /try again/],
    ['internal', 3, /the detail/],
  ] as const) {
    it(`the hub answers ${code}`, async () => {
      await using api = await startFakeApi({
        'GET /jobs': (_, response) => answerProblem(response, code, 'the detail'),
      });

      const result = await runCommand(['jobs'], {
        environment: { FARHAND_HUB_URL: api.address, FARHAND_TOKEN: 'hunter2' },
      });

      assert.equal(result.exitCode, exitCode);
      assert.match(result.stderr, /^farhand: the detail\n/);
      assert.match(result.stderr, hint);
      assert.doesNotMatch(result.stderr, /hunter2/);
    });
  }

  it('the token would travel in the clear', async () => {
    const result = await runCommand(['jobs'], { environment: { FARHAND_HUB_URL: 'ws://hub.example.org' } });

    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /FARHAND_HUB_URL: expected https:\/\/ .*FARHAND_INSECURE=true/);
  });

  for (const [line, message] of [
    ['rnu', /there is no command "rnu"\n {2}Did you mean farhand run\?/],
    ['jobs --sate failed', /unknown option '--sate'\n\(Did you mean --state\?\)/],
    ['jobs --state done', /Allowed choices are queued/],
    ['logs', /missing required argument 'id'/],
    ['run hello --timeout soon', /Expected a time such as 90/],
    ['run hello --priority 1.5', /Expected a whole number from -1000 to 1000/],
    ['token create', /expected --join .* or --role/],
    ['token create --join --role admin', /got both/],
  ] as const) {
    it(`somebody typed "farhand ${line}"`, async () => {
      const result = await runCommand(line.split(' '), { environment: { FARHAND_HUB_URL: 'http://127.0.0.1:1' } });

      assert.equal(result.exitCode, 2);
      assert.match(result.stderr, message);
      assert.equal(result.stdout, '');
    });
  }
});

describe('without a hub in the configuration', () => {
  it('commands find the farhand dev of their folder, and its token', async () => {
    await using api = await startFakeApi({
      'GET /agents': (_, response) => answerJson(response, { items: [], nextCursor: null }),
    });
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await mkdir(join(folder.path, '.farhand'));
    await writeFile(join(folder.path, '.farhand/dev.json'), JSON.stringify({ url: api.address }));
    await writeFile(join(folder.path, '.farhand/admin-token'), 'dev-token\n');

    const result = await runCommand(['agents', '--json'], { folder: folder.path });

    assert.equal(result.stdout, '[]\n');
    assert.equal(api.requests[0]?.headers.authorization, 'Bearer dev-token');
  });

  it('the token of farhand dev goes to no other hub', async () => {
    await using other = await startFakeApi({
      'GET /agents': (_, response) => answerJson(response, { items: [], nextCursor: null }),
    });
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await mkdir(join(folder.path, '.farhand'));
    await writeFile(join(folder.path, '.farhand/dev.json'), JSON.stringify({ url: 'http://127.0.0.1:1' }));
    await writeFile(join(folder.path, '.farhand/admin-token'), 'dev-token\n');

    await runCommand(['agents'], { folder: folder.path, environment: { FARHAND_HUB_URL: other.address } });

    assert.equal(other.requests[0]?.headers.authorization, undefined);
  });
});
