import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ProblemCode, problems } from '../../protocol/problem.ts';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import { answerJson, answerProblem, startFakeApi } from '../support/fake-api.ts';
import { farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { sampleAutomation } from '../support/sample-job.ts';

checkLeaks();

interface Case {
  readonly line: string;
  readonly exitCode: number;
  /** What went wrong, or what was expected and what came. */
  readonly says: RegExp;
  /** What to do next. */
  readonly next: RegExp;
}

/** On a hub that knows the automation hello and the agent a1, and nothing else. */
const cases: readonly Case[] = [
  { line: 'run helo', exitCode: 2, says: /no agent offers an automation named "helo"/, next: /Did you mean hello\?/ },
  {
    line: 'run hello -p name',
    exitCode: 2,
    says: /expected key=value, key:=json or @file, got "name"/,
    next: /For example: -p/,
  },
  { line: 'run hello -p n:={', exitCode: 2, says: /expected JSON, got "\{"/, next: /leave the colon out: -p n=/ },
  {
    line: 'run hello -p @/nowhere.json',
    exitCode: 2,
    says: /expected a file that can be read/,
    next: /Check the path/,
  },
  {
    line: 'run hello --parameters /nowhere',
    exitCode: 2,
    says: /expected a file that can be read/,
    next: /- stands for/,
  },
  { line: 'run hello -s PIN', exitCode: 2, says: /-s PIN: expected a variable/, next: /-s PIN=@path/ },
  { line: 'run hello --label ticket', exitCode: 2, says: /--label: expected key=value/, next: /-l \(--selector\)/ },
  { line: 'run hello --timeout soon', exitCode: 2, says: /Expected a time such as 90/, next: /--help tells more/ },
  {
    line: 'run hello --retry-on signal',
    exitCode: 2,
    says: /--retry-on says when/,
    next: /expected --retry beside it/,
  },
  { line: 'run', exitCode: 2, says: /missing required argument 'automation'/, next: /--help tells more/ },
  { line: 'runn hello', exitCode: 2, says: /there is no command "runn"/, next: /Did you mean farhand run\?/ },
  { line: 'jobs nope', exitCode: 2, says: /there is no such thing/, next: /`farhand jobs` lists/ },
  { line: 'jobs --state done', exitCode: 2, says: /Allowed choices are queued/, next: /--help tells more/ },
  {
    line: 'jobs --watch --json',
    exitCode: 2,
    says: /expected --watch or --json, got both/,
    next: /farhand events --json/,
  },
  { line: 'logs nope', exitCode: 2, says: /there is no such thing/, next: /`farhand jobs` lists/ },
  { line: 'logs x -f --attempt 1', exitCode: 2, says: /newest attempt only/, next: /farhand logs x --attempt 1/ },
  { line: 'cancel nope', exitCode: 2, says: /there is no such thing/, next: /`farhand jobs` lists/ },
  { line: 'rerun nope', exitCode: 2, says: /there is no such thing/, next: /`farhand jobs` lists/ },
  {
    line: 'agents a2',
    exitCode: 2,
    says: /there is no agent named "a2"/,
    next: /Did you mean a1\?\n {2}There are: a1/,
  },
  { line: 'drain nobody', exitCode: 2, says: /there is no agent named "nobody"/, next: /There are: a1/ },
  { line: 'resume a2 --note x', exitCode: 2, says: /there is no agent named "a2"/, next: /Did you mean a1/ },
  {
    line: 'token create',
    exitCode: 2,
    says: /expected --join .* or --role/,
    next: /For example: farhand token create --join/,
  },
  { line: 'token create --join --role admin', exitCode: 2, says: /got both/, next: /Leave --join out/ },
  { line: 'token create --role admin --uses 2', exitCode: 2, says: /go with --join only/, next: /Leave them out/ },
  {
    line: 'token create --join --labels a',
    exitCode: 2,
    says: /--labels: expected key=value/,
    next: /such as site=ams/,
  },
  { line: 'completion csh', exitCode: 2, says: /Allowed choices are bash, zsh, fish/, next: /--help tells more/ },
  { line: 'doctor --agent --hub', exitCode: 2, says: /expected one of/, next: /once for each/ },
  {
    line: 'agent --slots many',
    exitCode: 2,
    says: /--slots \(FARHAND_SLOTS\): expected a whole number.*got "many"/,
    next: /docs\/config\.md/,
  },
  {
    line: 'agent trust-hub --data /nowhere',
    exitCode: 2,
    says: /expected the data folder of an agent/,
    next: /FARHAND_DATA/,
  },
  { line: 'hub --listen 10.1.2.3:7400', exitCode: 2, says: /without TLS/, next: /put a proxy with TLS before it/ },
];

describe('every failure of a command says what to do next', () => {
  for (const { line, exitCode, says, next } of cases) {
    it(`farhand ${line}`, async () => {
      await using api = await startFakeApi({
        'GET /automations': (_, response) => answerJson(response, { items: [sampleAutomation()] }),
        'GET /agents': (_, response) => answerJson(response, { items: [sampleAgent()], nextCursor: null }),
      });
      const forAgent = line.startsWith('agent ');

      const result = await runCommand(line.split(' '), {
        environment: { FARHAND_HUB_URL: forAgent ? 'ws://127.0.0.1:9' : api.address },
      });

      assert.equal(result.exitCode, exitCode);
      assert.match(result.stderr, says);
      assert.match(result.stderr, next);
      assert.equal(result.stdout, '');
      assert.doesNotMatch(result.stderr, /this should not have happened|\n {4}at /);
    });
  }

  for (const code of Object.keys(problems) as readonly ProblemCode[]) {
    it(`the hub answers ${code}`, async () => {
      await using api = await startFakeApi({
        'GET /jobs': (_, response) => answerProblem(response, code, 'the detail'),
      });

      const result = await runCommand(['jobs'], { environment: { FARHAND_HUB_URL: api.address } });

      assert.ok([2, 3].includes(result.exitCode));
      assert.match(result.stderr, /^farhand: the detail\n( {2}\S.*\n)+$/);
    });
  }

  for (const [code, next] of [
    ['client-certificate-needed', /farhand certs client NAME/],
    ['quota-exceeded', /farhand accounts set/],
    ['not-allowed', /farhand token create --role/],
  ] as const) {
    it(`what is forbidden by ${code} is mended in another way`, async () => {
      await using api = await startFakeApi({
        'GET /jobs': (_, response) => answerProblem(response, code, 'the detail'),
      });

      const result = await runCommand(['jobs'], { environment: { FARHAND_HUB_URL: api.address } });

      assert.equal(result.exitCode, 3);
      assert.match(result.stderr, next);
      assert.equal(result.stderr.split('\n').length, 3);
    });
  }

  it('an answer of another version', async () => {
    await using api = await startFakeApi({ 'GET /jobs': (_, response) => answerJson(response, { jobs: [] }) });

    const result = await runCommand(['jobs'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.exitCode, 3);
    assert.match(result.stderr, /does not understand[^]*another version[^]*farhand doctor/);
  });

  it('a secret that is missing in a rerun', async () => {
    await using api = await startFakeApi({
      'POST /jobs/1/rerun': (_, response) =>
        answerProblem(response, 'request-invalid', '/secrets/pin: missing', [
          { pointer: '/secrets/pin', message: 'missing' },
        ]),
    });

    const result = await runCommand(['rerun', '1'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.match(result.stderr, /\/secrets\/pin: missing\n {2}Give each secret by name: -s NAME=@file/);
  });

  it('no agent has joined, and one is asked for', async () => {
    await using api = await startFakeApi({
      'GET /agents': (_, response) => answerJson(response, { items: [], nextCursor: null }),
    });

    const result = await runCommand(['drain', 'a1'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.match(
      result.stderr,
      /no agent named "a1"\n {2}No agent has joined this hub yet; `farhand token create --join`/,
    );
  });
});

describe('a daemon that cannot start says what to do next', () => {
  for (const { what, prepare, command, says, next } of [
    {
      what: 'the port is taken',
      command: 'hub',
      prepare: (folder: string, port: number) => ({ FARHAND_DATA: folder, FARHAND_LISTEN: `127.0.0.1:${port}` }),
      says: /is taken by another program/,
      next: /--listen 127\.0\.0\.1:0/,
    },
    {
      what: 'the data folder is a file',
      command: 'hub',
      prepare: (folder: string) => {
        writeFileSync(join(folder, 'file'), '');
        return { FARHAND_DATA: join(folder, 'file'), FARHAND_LISTEN: '127.0.0.1:0' };
      },
      says: /cannot lock the data folder .*file is not a folder/,
      next: /FARHAND_DATA.*farhand doctor --hub/,
    },
    {
      what: 'the data folder is a link to what is not mounted',
      command: 'hub',
      prepare: (folder: string) => {
        symlinkSync(join(folder, 'not', 'mounted'), join(folder, 'link'));
        return { FARHAND_DATA: join(folder, 'link'), FARHAND_LISTEN: '127.0.0.1:0' };
      },
      says: /cannot lock the data folder .*link is a link that leads nowhere/,
      next: /FARHAND_DATA.*farhand doctor --hub/,
    },
    {
      what: 'the port of the status of an agent is taken',
      command: 'agent',
      prepare: (folder: string, port: number) => ({
        FARHAND_DATA: folder,
        FARHAND_HUB_URL: 'ws://127.0.0.1:9',
        FARHAND_STATUS_LISTEN: `127.0.0.1:${port}`,
      }),
      says: /is taken by another program/,
      next: /FARHAND_STATUS_LISTEN.*--status-listen 127\.0\.0\.1:0/,
    },
    {
      what: 'the agent has no token',
      command: 'agent',
      prepare: (folder: string) => ({ FARHAND_DATA: folder, FARHAND_HUB_URL: 'ws://127.0.0.1:9' }),
      says: /not enrolled yet/,
      next: /farhand token create --join/,
    },
  ] as const) {
    it(what, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
      await using other = await startFakeApi({});
      const port = Number(new URL(other.address).port);

      const result = await farhand([command], { environment: prepare(folder.path, port) });

      assert.equal(result.exitCode, 2);
      assert.match(result.stderr, says);
      assert.match(result.stderr, next);
      assert.doesNotMatch(result.stderr, /\n {4}at /);
    });
  }

  it('another process has the data folder', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    mkdirSync(join(folder.path, 'data'));
    using _lock = takeOwnerLock(join(folder.path, 'data'));

    const result = await farhand(['hub'], {
      environment: { FARHAND_DATA: join(folder.path, 'data'), FARHAND_LISTEN: '127.0.0.1:0' },
    });

    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /belongs to another running farhand process[^]*farhand doctor/);
  });
});
