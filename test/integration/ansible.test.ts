import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Secrets } from '../../protocol/job-document.ts';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { type AgentPlace, createAgentPlace, testLimits } from '../agent/agent-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { findSshServerObstacle, startSshServer } from '../support/ssh-server.ts';
import { until } from '../support/until.ts';

const ansible = findProgram('ansible-playbook', { path: process.env['PATH'], workingDirectory: '/' });
const obstacle = ansible === null ? 'not installed: ansible-playbook (Debian: ansible-core)' : findSshServerObstacle();
const examples = join(import.meta.dirname, '../../examples/ansible');

checkLeaks({ settleMs: 8_000 });

/** Keys that all automations of these tests have. */
const common = `
hosts: "\${parameters.hosts}"
remoteUser: "\${parameters.user}"
privateKeySecret: ssh-key
knownHosts: "\${parameters.knownHosts}"
inherit: [LEAK_CHECK]
environment: {ANSIBLE_TIMEOUT: "20", ANSIBLE_PYTHON_INTERPRETER: /usr/bin/python3}
`;

function toAutomation(playbook: string, more = ''): string {
  const lines = playbook.trim().split('\n');
  return `kind: ansible\nplaybook: |\n${lines.map((line) => `  ${line}`).join('\n')}\n${common}${more}`;
}

interface Run {
  readonly result: AttemptResult;
  readonly log: string;
}

async function finish(place: AgentPlace, id: string): Promise<Run> {
  const result = await until(`a result of ${id}`, () => place.hub.get(id).result, 55_000);
  return { result, log: place.hub.log(id).toString() };
}

async function run(
  place: AgentPlace,
  automation: string,
  given: { readonly parameters: JsonObject; readonly secrets: Secrets },
): Promise<Run> {
  return finish(place, place.hub.offer({ automation, ...given }));
}

function getAt(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as JsonObject)[key] : undefined),
    value,
  );
}

/** Folders that launchers made for sockets, and masters of shared connections, which hide from process groups and marks. */
function findLeftovers(): readonly string[] {
  const folders = ['/dev/shm', '/tmp'].flatMap((place) =>
    (existsSync(place) ? readdirSync(place) : [])
      .filter((name) => /^farhand-[A-Za-z0-9]{8}$/.test(name) && existsSync(join(place, name, 'ssh-config')))
      .map((name) => join(place, name)),
  );
  const masters = readdirSync('/proc').flatMap((pid) => {
    try {
      const title = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
      return /farhand-\w{8}\/mux-\w+ \[mux\]/.test(title) ? [title.replaceAll('\0', ' ').trim()] : [];
    } catch {
      return [];
    }
  });
  return [...folders, ...masters];
}

async function expectNothingLeft(before: readonly string[]): Promise<void> {
  await until('nothing to be left of the run', () => findLeftovers().every((thing) => before.includes(thing)), 15_000);
}

suite('the kind ansible', { skip: obstacle ?? false }, () => {
  test('runs a playbook over ssh, and tells facts, statistics and counts as outputs', async () => {
    const before = findLeftovers();
    await using server = await startSshServer();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const target = join(folder.path, 'file');
    await using place = await createAgentPlace({
      deploy: toAutomation(
        `
- name: Deploy
  hosts: all
  tasks:
    - name: Write
      copy: {dest: "{{ target }}", content: "{{ text }}", mode: "0600"}
    - name: Sum up
      set_stats: {data: {written: 1}, aggregate: true}
    - name: By host
      set_stats: {data: {file: "{{ target }}"}, per_host: true}`,
        'parameters: {type: object, properties: {target: {type: string}, text: {type: string}}}\n',
      ),
    });
    await place.start();
    const given = {
      parameters: {
        hosts: [{ name: 'web1', address: '127.0.0.1', port: server.port }],
        user: server.user,
        knownHosts: server.knownHosts,
        target,
        text: 'hello\n',
      },
      secrets: { 'ssh-key': server.privateKey },
    };

    const { result, log } = await run(place, 'deploy', given);

    assert.deepEqual([result.outcome, result.escaped], ['succeeded', 0], log);
    assert.equal(await readFile(target, 'utf8'), 'hello\n');
    const outputs = result.outputs ?? {};
    assert.deepEqual(getAt(outputs, 'hosts', 'web1', 'changed'), 1);
    assert.deepEqual(getAt(outputs, 'hosts', 'web1', 'failed'), 0);
    assert.deepEqual(getAt(outputs, 'stats'), { written: 1 });
    assert.deepEqual(getAt(outputs, 'hostStats'), { web1: { file: target } });
    assert.equal(getAt(outputs, 'facts', 'web1', 'architecture'), process.arch === 'x64' ? 'x86_64' : 'aarch64');
    assert.equal(getAt(outputs, 'facts', 'web1', 'env'), undefined);
    await expectNothingLeft(before);
  });

  test('runs a role of its folder, and changes nothing in check mode', async () => {
    await using server = await startSshServer();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await using place = await createAgentPlace();
    await cp(examples, join(place.root, 'automations'), { recursive: true });
    const example = join(place.root, 'automations/write-notice.yaml');
    await writeFile(example, `${await readFile(example, 'utf8')}\ninherit: [LEAK_CHECK]\n`);
    await place.start();
    const notice = join(folder.path, 'notice');
    const given = (check: boolean) => ({
      parameters: {
        hosts: `127.0.0.1:${server.port}`,
        user: server.user,
        knownHosts: server.knownHosts,
        text: 'Do not touch: {{ 7 * 7 }} ${HOME} "quoted"',
        notice_path: notice,
        check,
      },
      secrets: { 'ssh-key': server.privateKey },
    });

    const trial = await run(place, 'write-notice', given(true));
    const existedAfterTrial = existsSync(notice);
    const first = await run(place, 'write-notice', given(false));

    const changed = [trial, first].map(({ result }) => getAt(result.outputs ?? {}, 'hosts', '127.0.0.1', 'changed'));
    assert.deepEqual(changed, [1, 1], first.log);
    assert.equal(existedAfterTrial, false);
    assert.equal(await readFile(notice, 'utf8'), 'Do not touch: {{ 7 * 7 }} ${HOME} "quoted"\n');
  });

  test('evaluates nothing that a job gives, and hands it over byte by byte', async () => {
    await using server = await startSshServer();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const pwned = join(folder.path, 'pwned');
    const evil = `{{ lookup('pipe', 'touch ${pwned}') }}`;
    const values: Readonly<Record<string, string>> = {
      template: `${evil} {% set x = lookup('pipe', 'touch ${pwned}') %} {# gone #} {{ 1 + 1 }}`,
      quotes: `it's "quoted" \`touch ${pwned}\` \\this\\ '"'"' !unsafe &a *a`,
      commands: `$(touch ${pwned}) ; touch ${pwned} | id %s \${parameters.quotes}`,
      lines: 'one\ntwo\r\nthree\n\n\ttab\u0085next\u2028separator\u007f\u0007bell: end',
      emoji: '👩‍🚀 naïve 你好 \u202Eright to left \uFEFF',
      long: `${'0123456789 "\n{{'.repeat(7_000)}end`,
      option: '--become',
      empty: '',
      yaml: '- [a, {b: c}]: yes # no',
    };
    const names = Object.keys(values);
    await using place = await createAgentPlace({
      hostile: toAutomation(
        `
- name: Hand over
  hosts: all
  gather_facts: false
  tasks:
    - name: Write
      copy: {dest: "{{ folder }}/copied", content: "{{ lines }}{{ long }}", mode: "0600"}
    - name: As an argument
      command: {argv: [printf, "%s", "{{ quotes }}{{ commands }}{{ emoji }}"]}
      register: printed
    - name: As a condition
      debug: {msg: skipped}
      when: template == 'x'
    - name: Deep
      set_stats: {data: {${names.map((name) => `${name}: "{{ ${name} }}"`).join(', ')}, printed: "{{ printed.stdout }}", deep: "{{ deep }}", numbers: "{{ deep.numbers }}", unnamed: "{{ farhand.parameters['not named'] }}"}}`,
        `parameters: {type: object, properties: {${[...names, 'folder', 'deep'].map((name) => `${name}: {}`).join(', ')}}}\n`,
      ),
    });
    await place.start();
    const typed = [
      'true',
      'No',
      '1.10',
      '1e3',
      '-.inf',
      '~',
      'null',
      '',
      '0755',
      '0x1F',
      '1:30',
      '2024-01-01',
      '5\n',
      '=',
      '<<',
    ];
    const deep = {
      typed,
      list: [evil, { [evil]: evil, ['k'.repeat(2000)]: evil }],
      numbers: [1e21, 0.5, -3, 1e-9],
      yes: true,
      none: null,
    };
    const parameters = {
      ...values,
      folder: folder.path,
      deep,
      hosts: `127.0.0.1:${server.port}`,
      user: server.user,
      knownHosts: server.knownHosts,
      'not named': evil,
      // Not in the schema: it is no variable, or it would end the run.
      copy: 'x',
    };

    const { result, log } = await run(place, 'hostile', { parameters, secrets: { 'ssh-key': server.privateKey } });

    assert.equal(result.outcome, 'succeeded', log);
    assert.equal(await readFile(join(folder.path, 'copied'), 'utf8'), `${values['lines']}${values['long']}`);
    assert.deepEqual(getAt(result.outputs ?? {}, 'stats'), {
      ...values,
      printed: `${values['quotes']}${values['commands']}${values['emoji']}`,
      deep,
      numbers: deep.numbers,
      unnamed: evil,
    });
    assert.equal(existsSync(pwned), false);
  });

  test('fails when the host has another key than the job says, and when nobody answers', async () => {
    const before = findLeftovers();
    await using server = await startSshServer();
    await using place = await createAgentPlace({
      ping: toAutomation('- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:'),
    });
    await place.start();
    const given = (over: JsonObject) => ({
      parameters: { hosts: `127.0.0.1:${server.port}`, user: server.user, knownHosts: server.knownHosts, ...over },
      secrets: { 'ssh-key': server.privateKey },
    });

    const impostor = await run(place, 'ping', given({ knownHosts: server.wrongKnownHosts }));
    const unknown = await run(place, 'ping', given({ knownHosts: '# nobody' }));
    const silent = await run(place, 'ping', given({ hosts: '127.0.0.1:1' }));

    for (const { result, log } of [impostor, unknown, silent]) {
      assert.deepEqual([result.outcome, result.cause, result.exitCode], ['failed', 'exit-code', 4], log);
      assert.equal(getAt(result.outputs ?? {}, 'hosts', '127.0.0.1', 'unreachable'), 1);
    }
    assert.match(
      impostor.result.message,
      /: a host could not be reached: 127\.0\.0\.1, task "ping": the host has another key than /,
    );
    assert.match(unknown.result.message, /: the key of the host is not among the known hosts: compare it /);
    assert.match(silent.result.message, /: ssh: connect to host 127\.0\.0\.1 port 1: Connection refused$/);
    await expectNothingLeft(before);
  });

  test('fails when a task fails, and when the playbook cannot be played', async () => {
    await using server = await startSshServer();
    await using place = await createAgentPlace({
      failing: toAutomation(
        '- hosts: all\n  gather_facts: false\n  tasks:\n    - name: Break\n      command: {argv: [sh, -c, "echo it is broken >&2; exit 7"]}',
      ),
      broken: toAutomation('- hosts: all\n  tasks:\n    - no_such_module_here:'),
      elsewhere: toAutomation('- hosts: web\n  tasks:\n    - ping:'),
    });
    await place.start();
    const given = {
      parameters: { hosts: `127.0.0.1:${server.port}`, user: server.user, knownHosts: server.knownHosts },
      secrets: { 'ssh-key': server.privateKey },
    };

    const failing = await run(place, 'failing', given);
    const broken = await run(place, 'broken', given);
    const elsewhere = await run(place, 'elsewhere', given);

    assert.deepEqual([failing.result.outcome, failing.result.exitCode], ['failed', 2], failing.log);
    assert.equal(
      failing.result.message,
      'the program ended with exit status 2: a task failed on one host or more: 127.0.0.1, task "Break": non-zero return code: it is broken',
    );
    assert.deepEqual(getAt(failing.result.outputs ?? {}, 'failures'), [
      { host: '127.0.0.1', task: 'Break', message: 'non-zero return code: it is broken' },
    ]);
    assert.deepEqual([broken.result.outcome, broken.result.exitCode], ['failed', 4], broken.log);
    assert.match(broken.result.message, /: couldn't resolve module\/action 'no_such_module_here'/);
    assert.deepEqual([elsewhere.result.outcome, elsewhere.result.exitCode], ['failed', 3], elsewhere.log);
    assert.match(elsewhere.result.message, /: no play found a host to work on/);
  });

  test('hands secrets over without a file, an argument or a line of the log, and no_log holds in outputs', async () => {
    await using server = await startSshServer();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const gate = join(folder.path, 'gate');
    await using place = await createAgentPlace({
      secret: toAutomation(
        `
- name: Use secrets
  hosts: all
  gather_facts: false
  tasks:
    - name: Show
      debug: {msg: "the password is {{ db_password }}"}
    - name: Hide
      set_stats: {data: {hidden: "derived {{ db_password | reverse }}"}}
      no_log: true
    - name: Hide facts
      set_fact: {kernel: "{{ db_password | reverse }}"}
      no_log: true
    - name: Tell
      set_stats: {data: {shown: "<{{ db_password }}>", length: "n{{ db_password | length }}"}}
    - name: Wait
      command: {argv: [sh, -c, "until [ -e ${gate} ]; do sleep 0.05; done"]}
    - name: Fail in secret
      command: {argv: [sh, -c, "echo {{ db_password | reverse }} >&2; exit 1"]}
      no_log: true`,
        'secretVariables: {db_password: db}\nprivateKeyPassphraseSecret: passphrase\n',
      ),
    });
    await place.start();
    const secrets = { 'ssh-key': server.lockedKey, passphrase: server.passphrase, db: `Tr0ub4dor"&3 {{ 7 }}` };
    const reversed = secrets.db.split('').toReversed().join('');
    const id = place.hub.offer({
      automation: 'secret',
      parameters: { hosts: `127.0.0.1:${server.port}`, user: server.user, knownHosts: server.knownHosts },
      secrets,
    });
    await until(
      'the run to wait',
      () => place.hub.log(id).includes('TASK [Wait]') || place.hub.get(id).result !== null,
      55_000,
    );
    assert.equal(place.hub.get(id).result, null, place.hub.log(id).toString());

    const files = readdirSync(place.attemptFolder(id), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'raw')
      .map(({ name }) => [name, readFileSync(join(place.attemptFolder(id), name), 'utf8')] as const);
    const commandLines = readdirSync('/proc').flatMap((pid) => {
      try {
        return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return [];
      }
    });
    await writeFile(gate, '');
    const { result, log } = await finish(place, id);

    const keyLine = server.lockedKey.split('\n')[2] ?? '';
    assert.ok(keyLine.length > 40);
    for (const value of [keyLine, secrets.passphrase, secrets.db]) {
      assert.deepEqual(
        files.filter(([, text]) => text.includes(value)).map(([name]) => name),
        [],
      );
      assert.equal(
        commandLines.some((line) => line.includes(value)),
        false,
      );
      assert.equal(log.includes(value), false);
    }
    assert.match(log, /the password is \*\*\*/);
    assert.deepEqual([result.outcome, result.exitCode], ['failed', 2], log);
    assert.deepEqual(getAt(result.outputs ?? {}, 'stats'), { shown: '<***>', length: 'n20' });
    assert.deepEqual(getAt(result.outputs ?? {}, 'failures'), [
      { host: '127.0.0.1', task: '', message: 'hidden by no_log' },
    ]);
    assert.equal(`${JSON.stringify(result.outputs)}${log}`.includes(reversed), false);
  });

  for (const [title, attempt, signal] of [
    ['a cancel that it heeds', { graceMs: 20_000 }, 'SIGTERM'],
    ['a cancel with a KILL at once', { graceMs: 0 }, null],
  ] as const) {
    test(`leaves nothing behind after ${title}: no master of ssh, no agent of ssh, no folder`, async () => {
      const before = findLeftovers();
      await using server = await startSshServer();
      await using place = await createAgentPlace({
        endless: toAutomation(
          '- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:\n    - name: Wait\n      wait_for: {path: /nonexistent/never, timeout: 50}',
        ),
      });
      await place.start({ limits: { ...testLimits, attempt: { ...testLimits.attempt, ...attempt } } });
      const id = place.hub.offer({
        automation: 'endless',
        parameters: { hosts: `127.0.0.1:${server.port}`, user: server.user, knownHosts: server.knownHosts },
        secrets: { 'ssh-key': server.privateKey },
      });
      await until('the run to wait', () => place.hub.log(id).includes('TASK [Wait]'), 55_000);
      await until('a master of ssh', () =>
        findLeftovers().some((thing) => thing.includes('[mux]') && !before.includes(thing)),
      );

      await place.hub.cancel(id);
      const { result, log } = await finish(place, id);

      assert.deepEqual([result.outcome, result.started, result.escaped], ['cancelled', true, 0], log);
      if (signal !== null) assert.equal(result.signal, signal);
      await expectNothingLeft(before);
    });
  }

  test('reaches a host over another one, whose key is checked as well', async () => {
    await using server = await startSshServer();
    const ping = '- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:';
    const options = `sshOptions: {ProxyJump: "${server.user}@127.0.0.1:${server.port}"}\n`;
    await using place = await createAgentPlace({ ping: toAutomation(ping, options) });
    await place.start();
    const given = (knownHosts: string) => ({
      parameters: { hosts: [{ name: 'web1', address: 'localhost', port: server.port }], user: server.user, knownHosts },
      secrets: { 'ssh-key': server.privateKey },
    });
    const target = server.knownHosts.replace('127.0.0.1', 'localhost');

    const good = await run(place, 'ping', given(`${server.knownHosts}\n${target}`));
    const bad = await run(place, 'ping', given(`${server.wrongKnownHosts}\n${target}`));

    assert.equal(good.result.outcome, 'succeeded', good.log);
    assert.deepEqual([bad.result.outcome, bad.result.exitCode], ['failed', 4], bad.log);
  });

  test('runs on when its agent leaves, and the next one tells how it ended', async () => {
    await using server = await startSshServer();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const gate = join(folder.path, 'gate');
    await using place = await createAgentPlace({
      waiting: toAutomation(
        `- hosts: all\n  gather_facts: false\n  tasks:\n    - name: Wait\n      wait_for: {path: ${gate}, timeout: 50}\n    - fail: {msg: after all}`,
      ),
    });
    const agent = await place.start();
    const id = place.hub.offer({
      automation: 'waiting',
      parameters: { hosts: `127.0.0.1:${server.port}`, user: server.user, knownHosts: server.knownHosts },
      secrets: { 'ssh-key': server.privateKey },
    });
    await until('the run to wait', () => place.hub.log(id).includes('TASK [Wait]'), 55_000);

    await agent[Symbol.asyncDispose]();
    await place.start();
    await writeFile(gate, '');
    const { result, log } = await finish(place, id);

    assert.deepEqual([result.outcome, result.exitCode, result.escaped], ['failed', 2, 0], log);
    assert.match(result.message, /: a task failed on one host or more: 127\.0\.0\.1, task "fail": after all$/);
    assert.equal(getAt(result.outputs ?? {}, 'hosts', '127.0.0.1', 'failed'), 1);
  });

  test('says which key it cannot use, and reaches no host then', async () => {
    await using server = await startSshServer();
    const ping = '- hosts: all\n  tasks:\n    - ping:';
    await using place = await createAgentPlace({
      ping: toAutomation(ping),
      opened: toAutomation(ping, 'privateKeyPassphraseSecret: passphrase\n'),
    });
    await place.start();
    const parameters = { hosts: `127.0.0.1:${server.port}`, user: server.user, knownHosts: server.knownHosts };

    const nonsense = await run(place, 'ping', { parameters, secrets: { 'ssh-key': 'no key at all' } });
    const locked = await run(place, 'ping', { parameters, secrets: { 'ssh-key': server.lockedKey } });

    const wrong = { 'ssh-key': server.lockedKey, passphrase: 'not this one' };
    const stillLocked = await run(place, 'opened', { parameters, secrets: wrong });

    for (const { result, log } of [nonsense, locked, stillLocked]) {
      assert.deepEqual([result.outcome, result.exitCode, result.escaped], ['failed', 1, 0]);
      assert.match(result.message, /: the private key in the secret of the job cannot be used: ssh-add says why/);
      assert.match(log, /farhand: the private key in the secret of the job cannot be used/);
      assert.doesNotMatch(log, /PLAY/);
    }
  });
});
