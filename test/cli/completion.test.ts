import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { Help } from 'commander';
import { commandList } from '../../cli/command-list.ts';
import { createProgram } from '../../cli/program.ts';
import { answerJson, answerProblem, type FakeApi, startFakeApi } from '../support/fake-api.ts';
import { farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createContext, runCommand } from '../support/run-command.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { sampleAutomation, sampleJob } from '../support/sample-job.ts';

checkLeaks();

const running = sampleJob({ id: '0197a1f0-0000-7000-8000-000000000002', state: 'running', labels: { ticket: '42' } });

function startHub(): Promise<FakeApi> {
  const parameters = {
    properties: { name: { type: 'string' }, count: { type: 'integer', default: 3 }, force: { type: 'boolean' } },
  };
  return startFakeApi({
    'GET /automations': (_, response) =>
      answerJson(response, {
        items: [
          sampleAutomation({ name: 'deploy', parameters, description: 'line\u001B[2J one\ntwo' }),
          sampleAutomation({ name: 'host', kind: 'probe' }),
        ],
      }),
    'GET /agents': (_, response) =>
      answerJson(response, {
        items: [sampleAgent(), sampleAgent({ name: 'b1', schedulable: false, labels: { site: 'bru' } })],
        nextCursor: null,
      }),
    'GET /jobs': (_, response) => answerJson(response, { items: [running, sampleJob()], nextCursor: null }),
  });
}

/** The kind of suggestions, and their values. */
async function complete(api: { readonly address: string }, ...words: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr, exitCode } = await runCommand(['complete', '--', ...words], {
    environment: { FARHAND_HUB_URL: api.address },
  });
  assert.deepEqual([stderr, exitCode], ['', 0]);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t', 1)[0] ?? '');
}

const nobody = { address: 'http://127.0.0.1:9' };

describe('what may come next on a command line', () => {
  it('every command that help shows, and no other', async () => {
    const shown = commandList.filter(({ hidden }) => hidden !== true).map(({ name }) => name);

    assert.deepEqual(await complete(nobody, ''), ['values', ...shown]);
    assert.deepEqual(await complete(nobody), ['values', ...shown]);
    assert.deepEqual(await complete(nobody, 'comp'), ['values', 'completion']);
    assert.deepEqual(await complete(nobody, '--v'), ['values', '--version']);
  });

  it('every option of every command, read off the commands themselves', async () => {
    for (const { name, hidden } of commandList) {
      if (hidden === true) continue;
      const program = await createProgram([name], createContext({}).context);
      const command = program.commands.find((one) => one.name() === name);
      assert.ok(command);

      const flags = new Help().visibleOptions(command).flatMap(({ long }) => long ?? []);

      assert.deepEqual((await complete(nobody, name, '--')).slice(1), flags, name);
    }
  });

  it('subcommands, and what belongs to them', async () => {
    assert.deepEqual(await complete(nobody, 'token', ''), ['values', 'create', 'list', 'revoke']);
    assert.deepEqual(await complete(nobody, 'token', 'create', '--role', 'op'), ['values', 'operator']);
    assert.deepEqual(await complete(nobody, 'agent', 'tr'), ['values', 'trust-hub']);
  });

  it('what the hub knows: automations, agents, jobs, labels and parameters', async () => {
    await using api = await startHub();
    const ask = (line: string) => complete(api, ...line.split(' '));

    assert.deepEqual(await ask('run '), ['values', 'deploy']);
    assert.deepEqual(await ask('jobs --automation d'), ['values', 'deploy']);
    assert.deepEqual(await ask('agents '), ['values', 'a1', 'b1', 'rotate-key', 'revoke', 'remove']);
    assert.deepEqual(await ask('agents revoke '), ['values', 'a1', 'b1']);
    assert.deepEqual(await ask('jobs --agent=b'), ['values', '--agent=b1']);
    assert.deepEqual(await ask('logs -f '), ['values', running.id, sampleJob().id]);
    assert.deepEqual(await ask('run deploy -p '), ['prefixes', 'name=', 'count=', 'force=']);
    assert.deepEqual(await ask('run deploy -p force='), ['values', 'force=true', 'force=false']);
    assert.deepEqual(await ask('run --priority 3 deploy -p count='), ['values', 'count=3']);
    assert.deepEqual(await ask('run deploy -l '), ['prefixes', 'site=']);
    assert.deepEqual(await ask('run deploy -l site='), ['values', 'site=ams', 'site=bru']);
    assert.deepEqual(await ask('jobs --label '), ['prefixes', 'ticket=']);
    assert.deepEqual(await ask('jobs --label ticket=42 '), ['prefixes', 'ticket=']);
  });

  it('only what the command can do something with', async () => {
    await using api = await startHub();

    assert.deepEqual(await complete(api, 'cancel', ''), ['values', running.id]);
    assert.deepEqual(await complete(api, 'resume', ''), ['values', 'b1']);
    assert.deepEqual(await complete(api, 'cancel', running.id, ''), ['values']);
  });

  it('files and folders are for the shell to find', async () => {
    assert.deepEqual(await complete(nobody, 'run', 'x', '--parameters', ''), ['files']);
    assert.deepEqual(await complete(nobody, 'dev', '--data', ''), ['folders']);
    assert.deepEqual(await complete(nobody, 'init', ''), ['folders']);
  });

  it('a description is one line without anything that a terminal obeys', async () => {
    await using api = await startHub();

    const { stdout } = await runCommand(['complete', '--', 'run', ''], {
      environment: { FARHAND_HUB_URL: api.address },
    });

    assert.equal(stdout, 'values\ndeploy\tline one two\n');
  });
});

describe('what goes wrong is passed over in silence', () => {
  for (const [what, words] of [
    ['an unknown command', ['nope', '']],
    ['an unknown option', ['run', '--nope=x']],
    ['a value of a kind that nobody knows', ['run', '--priority', '']],
    ['a hub that is away', ['run', '']],
    ['more words than the command takes', ['cancel', 'a', 'b', 'c', '']],
  ] as const) {
    it(what, async () => {
      assert.deepEqual(await complete(nobody, ...words), ['values']);
    });
  }

  it('no hub at all, and a token that is not accepted', async () => {
    const none = await runCommand(['complete', '--', 'run', '']);
    await using api = await startFakeApi({
      'GET /automations': (_, response) => answerProblem(response, 'token-invalid', 'no'),
    });

    assert.deepEqual([none.stdout, none.stderr, none.exitCode], ['values\n', '', 0]);
    assert.deepEqual(await complete(api, 'run', ''), ['values']);
  });

  it('a hub that never answers holds nobody', async () => {
    const sockets = new Set<{ destroy(): unknown }>();
    const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const result = await farhand(['complete', '--', 'run', ''], {
      environment: { FARHAND_HUB_URL: `http://127.0.0.1:${port}` },
    });
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));

    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['values\n', '', 0]);
  });
});
