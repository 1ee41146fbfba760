import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { prepare } from '../../agent/automations/prepare.ts';
import { createPreparation, readAutomation } from '../agent/automations/sample.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks({ settleMs: 8_000 });

/** The launcher among programs that only pretend, so that each moment of it can be met. */
async function createStage(
  programs: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  keys = 'hosts: web1\nprivateKeySecret: key\n',
) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const [attempt, bin, runs] = ['attempt', 'bin', 'runs'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([attempt, bin, runs].map((path) => mkdir(path)));
  const all = {
    mktemp: `exec /usr/bin/mktemp -d '${runs}/farhand-XXXXXXXX'`,
    'ssh-agent': 'exec sleep 30',
    ...programs,
  };
  for (const [name, text] of Object.entries(all)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const automation = readAutomation(
    `kind: ansible\nplaybook: |\n  - hosts: all\n${keys}`,
    join(folder.path, 'sample.yaml'),
  );
  const result = prepare(
    automation,
    createPreparation({
      folder: attempt,
      environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...environment },
      document: { secretNames: ['key'] },
      secrets: { key: 'the key' },
    }),
  );
  if (result.type === 'refused') assert.fail(result.message);
  const { command } = result;
  for (const { name, content } of command.files) await writeFile(join(attempt, name), content);
  return {
    path: folder.path,
    file: (name: string) => join(folder.path, name),
    listRuns: () => readdirSync(runs),
    start() {
      const [program, ...rest] = command.argv;
      const env = { ...command.environment, LEAK_CHECK: String(process.pid), STAGE: folder.path };
      return spawn(program, rest, { cwd: attempt, env, detached: true, stdio: 'ignore' });
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

suite('the launcher of Ansible', () => {
  test('does not start Ansible after a TERM that came while the key was loaded', async () => {
    await using stage = await createStage({
      'ssh-add': 'trap "" TERM; : >"$STAGE/loading"; sleep 0.5; echo public',
      'ansible-playbook': ': >"$STAGE/played"; exec sleep 30',
    });
    const child = stage.start();
    const ended = once(child, 'exit');
    await until('the key to be loaded', () => existsSync(stage.file('loading')));

    process.kill(-(child.pid ?? 0), 'SIGTERM');

    assert.deepEqual(await ended, [143, null]);
    assert.equal(existsSync(stage.file('played')), false);
    assert.deepEqual(stage.listRuns(), []);
  });

  test('leaves no folder behind, whenever a TERM meets it', async () => {
    await using stage = await createStage({
      'ssh-add': 'echo public',
      // A TERM just before it starts does not reach it.
      'ansible-playbook': 'exec sleep 5',
    });

    for (let afterMs = 0; afterMs < 40; afterMs += 2) {
      const child = stage.start();
      const ended = once(child, 'exit');
      await delay(afterMs);
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await ended;
      assert.deepEqual(stage.listRuns(), [], `after ${afterMs} ms`);
    }
  });

  test('gives the modules of the own machine a place where its user has no home', async () => {
    await using stage = await createStage(
      { 'ansible-playbook': 'echo "$ANSIBLE_REMOTE_TMP" >"$STAGE/place"' },
      { HOME: '/nonexistent' },
      '',
    );

    const [status] = await once(stage.start(), 'exit');

    assert.equal(status, 0);
    assert.match(readFileSync(stage.file('place'), 'utf8'), /\/runs\/farhand-\w+\/modules\n$/);
  });

  test('says in a file why it gave up, for the message of the job', async () => {
    await using stage = await createStage({ 'ssh-add': 'test "$1" != -q', 'ansible-playbook': 'true' });

    const [status] = await once(stage.start(), 'exit');

    assert.equal(status, 1);
    assert.match(
      readFileSync(stage.file('attempt/failure'), 'utf8'),
      /^the private key in the secret of the job cannot/,
    );
  });
});
