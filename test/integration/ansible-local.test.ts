import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { ansibleKind } from '../../agent/automations/kinds/ansible.ts';
import { readOutputs } from '../../agent/automations/outputs.ts';
import { prepare } from '../../agent/automations/prepare.ts';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { createAgentPlace } from '../agent/agent-place.ts';
import { createPreparation, readAutomation } from '../agent/automations/sample.ts';
import { checkLeaks } from '../support/leak-check.ts';

const ansible = findProgram('ansible-playbook', { path: process.env['PATH'], workingDirectory: '/' });
const obstacle = ansible === null ? 'not installed: ansible-playbook (Debian: ansible-core)' : false;
const run = promisify(execFile);

checkLeaks({ settleMs: 8_000 });

interface Ran {
  readonly outputs: JsonObject | null;
  readonly progress: readonly JsonObject[];
  readonly log: string;
}

/** Prepares, writes the files and really runs the command, without an agent around it. */
async function deliver(
  text: string,
  given: { parameters?: JsonObject; environment?: Record<string, string> } = {},
): Promise<Ran> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const home = join(folder.path, 'automations');
  const attempt = join(folder.path, 'attempt');
  await mkdir(join(home, 'playbooks/tasks'), { recursive: true });
  await mkdir(attempt);
  await writeFile(join(home, 'playbooks/tasks/more.yml'), '- debug: {msg: included}\n');
  const automation = readAutomation(text, join(home, 'sample.yaml'));
  const preparation = createPreparation({
    folder: attempt,
    environment: { PATH: process.env['PATH'], ...given.environment },
    document: { parameters: given.parameters ?? {} },
  });
  const result = prepare(automation, preparation);
  if (result.type === 'refused') assert.fail(result.message);
  const { argv, environment, files, workingDirectory } = result.command;
  for (const { name, content, executable } of files) {
    await writeFile(join(attempt, name), content, { mode: executable ? 0o700 : 0o600 });
  }
  const [program, ...rest] = argv;
  const progress = join(attempt, 'progress');
  const env = { ...environment, LEAK_CHECK: String(process.pid), FARHAND_PROGRESS: progress };
  const { stdout } = await run(program, rest, { cwd: workingDirectory, env, maxBuffer: 64 * 1024 * 1024 });
  const outputs = await readOutputs(
    { outputs: null },
    {
      fs: systemFileSystem,
      folder: attempt,
      owner: null,
      logFolder: attempt,
      secrets: {},
      harvest: ansibleKind.harvest,
    },
  );
  return {
    outputs: outputs.type === 'outputs' ? outputs.value : assert.fail(JSON.stringify(outputs)),
    progress: (await readFile(progress, 'utf8'))
      .trim()
      .split('\n')
      .map((line): JsonObject => JSON.parse(line)),
    log: stdout,
  };
}

suite('a playbook for the machine of the agent', { skip: obstacle }, () => {
  test('needs no hosts, and tells its progress, in percent as long as it is known', async () => {
    const { outputs, progress } = await deliver(
      `kind: ansible
playbook: |
  - hosts: localhost
    gather_facts: false
    tasks:
      - name: First
        debug: {msg: "{{ farhand.agent }} {{ farhand.attempt }}"}
      - block:
          - name: Second
            debug:
        always:
          - name: "Third {{ 1 + 2 }}"
            command: "true"
            no_log: true
      - name: Fourth
        set_stats: {data: {seen: "{{ farhand.agent }} {{ farhand.job }}"}}
`,
      // A locale that Ansible would refuse to start in.
      { environment: { LANG: 'C' } },
    );

    assert.deepEqual(progress, [
      { message: 'task 1: First', percent: 0 },
      { message: 'task 2: Second', percent: 25 },
      { message: 'task 3', percent: 50 },
      { message: 'task 4: Fourth', percent: 75 },
    ]);
    assert.deepEqual(outputs?.['stats'], { seen: 'a1 0190d2a6-0000-7000-8000-000000000001' });
    assert.deepEqual(Object.keys(outputs ?? {}), ['hosts', 'stats']);
  });

  test('evaluates no parameter as an expression either, wherever the playbook puts it', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const pwned = join(folder.path, 'pwned');

    const { outputs } = await deliver(
      `kind: ansible
playbook: |
  - hosts: localhost
    gather_facts: false
    vars: {derived: "{{ p }}!"}
    tasks:
      - name: Condition
        debug:
        when: "{{ p }}"
        ignore_errors: true
      - name: Assertion
        assert: {that: "{{ p }}"}
        ignore_errors: true
      - set_fact: {copy: "{{ derived | replace('none', '') }}"}
      - set_stats: {data: {copy: "{{ copy }}", hostvars: "{{ hostvars[inventory_hostname].copy }}"}}
parameters: {properties: {p: {}}}
`,
      { parameters: { p: `lookup('pipe', 'touch ${pwned}') or {{ lookup('pipe', 'touch ${pwned}') }}` } },
    );

    const text = `lookup('pipe', 'touch ${pwned}') or {{ lookup('pipe', 'touch ${pwned}') }}!`;
    assert.deepEqual(outputs?.['stats'], { copy: text, hostvars: text });
    assert.equal(existsSync(pwned), false);
  });

  test('keeps outputs under their limit, and says what of them was left out', async () => {
    const { outputs } = await deliver(
      `kind: ansible
playbook: |
  - hosts: localhost
    gather_facts: false
    tasks:
      - set_stats: {data: {small: "{{ parameters_small }}"}}
      - set_stats: {data: {large: "{{ parameters_small * 300 }}"}}
      - set_stats: {per_host: true, data: {again: "{{ parameters_small * 300 }}"}}
      - set_stats: {data: {small: "!"}}
parameters: {properties: {parameters_small: {}}}
`,
      { parameters: { parameters_small: 'ü"\n\\'.repeat(1000) } },
    );

    assert.deepEqual(outputs?.['stats'], { small: `${'ü"\n\\'.repeat(1000)}!` });
    assert.deepEqual(outputs?.['leftOut'], { stats: 1, hostStats: 1 });
  });
});

suite('an agent without Ansible', () => {
  test('says what is missing and what to install, and starts nothing', async () => {
    await using place = await createAgentPlace();
    // `sh` is found by its name in the PATH of the job, so that has to have it.
    await writeFile(
      join(place.root, 'automations/deploy.yaml'),
      `kind: ansible\nplaybook: |\n  - hosts: all\n\nenvironment: {PATH: "${join(place.root, 'bin')}"}\n`,
    );
    await mkdir(join(place.root, 'bin'));
    await writeFile(join(place.root, 'bin/sh'), '#!/bin/sh\n', { mode: 0o755 });
    await place.start();

    const result = await place.hub.result(place.hub.offer({ automation: 'deploy' }));

    assert.deepEqual([result.outcome, result.cause, result.started], ['failed', 'start-failed', false]);
    assert.match(
      result.message,
      /^Expected a program named "ansible-playbook" in the PATH of the job .*: install ansible-core 2\.12 or later \(Debian: ansible-core\)$/,
    );
  });
});
