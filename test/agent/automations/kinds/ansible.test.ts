import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { formatMistake } from '../../../../agent/automations/catalog-mistake.ts';
import { loadCatalog } from '../../../../agent/automations/load-catalog.ts';
import { prepare } from '../../../../agent/automations/prepare.ts';
import type { PreparedCommand } from '../../../../agent/automations/prepared-command.ts';
import { createPreparation, readAutomation, readMistakes } from '../sample.ts';

const playbook = 'kind: ansible\nplaybook: |\n  - hosts: all\n    tasks: []\n';

type Given = Parameters<typeof createPreparation>[0];

function prepared(text: string, given: Given = {}): PreparedCommand {
  const result = prepare(readAutomation(text), createPreparation(given));
  if (result.type === 'refused') assert.fail(result.message);
  return result.command;
}

function refusal(text: string, given: Given = {}): string {
  const result = prepare(readAutomation(text), createPreparation(given));
  return result.type === 'refused' ? `${result.cause}: ${result.message}` : assert.fail('expected a refusal');
}

function contentOf(command: PreparedCommand, name: string): string {
  const file = command.files.find((one) => one.name === name);
  return (
    file?.content ?? assert.fail(`expected a file ${name}, got ${command.files.map((one) => one.name).join(', ')}`)
  );
}

function parameters(values: Record<string, unknown>): Given {
  return { document: { parameters: JSON.parse(JSON.stringify(values)) } };
}

suite('the kind ansible', () => {
  test('becomes one command, whose arguments hold names of files and nothing of a secret', () => {
    const command = prepared(
      `${playbook}hosts: "\${parameters.hosts}"\nremoteUser: deploy\nprivateKeySecret: ssh-key\npasswordSecret: password\nbecome: true\nbecomeUser: app\nbecomePasswordSecret: sudo\nvaultPasswordSecret: vault\ntags: [a, "\${parameters.tags}"]\nskipTags: [slow]\nlimit: web*\ncheck: "\${parameters.check}"\ndiff: true\nverbosity: 2\nforks: 20\n`,
      {
        secrets: { 'ssh-key': 'KEY-TEXT', password: 'PASS-TEXT', sudo: 'SUDO-TEXT', vault: 'VAULT-TEXT' },
        document: { parameters: { hosts: 'web1', tags: ['b', 'c'], check: true } },
      },
    );

    assert.deepEqual(command.argv, [
      'sh',
      '/attempt/ansible-run',
      '/attempt',
      '--inventory=/attempt/inventory.json',
      '--extra-vars=@/attempt/variables.yaml',
      '--forks=20',
      '-vv',
      '--check',
      '--diff',
      '--tags=a,b,c',
      '--skip-tags=slow',
      '--limit=web*',
      '--become',
      '--become-user=app',
      '--become-password-file=/attempt/ask-become-password',
      '--vault-password-file=/attempt/ask-vault-password',
      '/attempt/playbook.yaml',
    ]);
    assert.deepEqual(
      command.needs?.map(({ program }) => program),
      ['ansible-playbook', 'ssh', 'ssh-agent', 'ssh-add'],
    );
    assert.doesNotMatch(JSON.stringify([command.argv, command.files]), /(KEY|PASS|SUDO|VAULT)-TEXT/);
    const executable = command.files.filter((file) => file.executable).map(({ name }) => name);
    assert.deepEqual(executable, ['ask-password', 'ask-become-password', 'ask-vault-password']);
  });

  test('makes an inventory of texts, lists, objects and groups', () => {
    const toInventory = (hosts: string, values: Record<string, unknown>) =>
      JSON.parse(contentOf(prepared(`${playbook}hosts: ${hosts}\n`, parameters(values)), 'inventory.json')).all
        .children;

    assert.deepEqual(toInventory('"${parameters.h}"', { h: 'web1, 10.0.0.7:2222\n[fe80::1%eth0]:23 ::1' }), {
      ungrouped: {
        hosts: {
          web1: {},
          '10.0.0.7': { ansible_port: 2222 },
          'fe80::1%eth0': { ansible_port: 23 },
          '::1': {},
        },
      },
    });
    assert.deepEqual(
      toInventory('{web: "${parameters.h}", db: ["db1", "${parameters.d}"]}', {
        h: ['w', { name: 'x', address: '10.0.0.8', port: 2022, user: 'ops' }],
        d: 'db2',
      }),
      {
        web: { hosts: { w: {}, x: { ansible_host: '10.0.0.8', ansible_port: 2022, ansible_user: 'ops' } } },
        db: { hosts: { db1: {}, db2: {} } },
      },
    );
  });

  const hosts = `${playbook}hosts: "\${parameters.h}"\n`;
  for (const [title, h] of [
    ['an option of ssh', '-oProxyCommand=id'],
    ['an option in a list', ['web1', '-oProxyCommand=id']],
    ['an option as an address', [{ name: 'a', address: '-oProxyCommand=id' }]],
    ['a range', 'web[1:9]'],
    ['a template', "{{lookup('pipe','id')}}"],
    ['a key that is none of ours', [{ name: 'a', ansible_connection: 'local' }]],
    ['a user with a quote', [{ name: 'a', user: 'a"b' }]],
    ['a port out of reach', 'web1:70000'],
    ['the name of a group of Ansible', 'all'],
    ['a number', [5]],
    ['a path', '../../etc'],
    ['text of more lines in an item', ['web1\nweb2']],
  ] as const) {
    test(`refuses for a host ${title}`, () => {
      assert.match(refusal(hosts, parameters({ h })), /^parameters-invalid: hosts: expected hosts, such as "web1/);
    });
  }

  test('refuses no host at all, and one name for two hosts', () => {
    assert.match(refusal(hosts, parameters({ h: [] })), /expected one host or more, got none/);
    assert.match(refusal(hosts, parameters({ h: 'a:1 a:2' })), /"a" comes twice/);
  });

  for (const [key, value, message] of [
    ['limit', '@/etc/passwd', /limit: expected names of hosts and groups/],
    ['limit', '~.*', /limit: expected names/],
    ['remoteUser', 'a" -o ProxyCommand="id', /remoteUser: expected the name of a user/],
    ['remoteUser', '-oProxyCommand=id', /remoteUser: expected the name of a user/],
    ['port', '22 -o x', /port: expected a port/],
    ['port', 65_536, /port: expected at most 65535/],
    ['check', 'yes', /check: expected true or false, got "yes"/],
    ['tags', 'a b', /tags: expected tags of/],
  ] as const) {
    test(`refuses ${JSON.stringify(value)} for ${key}`, () => {
      const line = key === 'tags' ? 'tags: ["${parameters.v}"]' : `${key}: "\${parameters.v}"`;

      assert.match(refusal(`${playbook}${line}\n`, parameters({ v: value })), message);
    });
  }

  test('refuses a job that lacks a secret which the automation needs, and says which', () => {
    const text = `${playbook}secretVariables: {db_password: db}\nprivateKeySecret: ssh-key\n`;

    const result = prepare(readAutomation(text), createPreparation({ secrets: { 'ssh-key': 'x' } }));

    assert.deepEqual(result.type === 'refused' && result.errors[0]?.pointer, '/secrets/db');
  });

  test('makes variables of the parameters that the schema names, marks every text as unsafe, and escapes all but plain ASCII', () => {
    const text = `${playbook}parameters: {properties: {a: {}, hosts: {}, not-a-name: {}, missing: {}}}\nsecretVariables: {pw: db-password}\n`;
    const given = {
      a: ['{{ x }}', { k: 'ä"\\\u2028😀', '{{ k }}': null }, 1e21, 2, true],
      hosts: 'h',
      other: '{{ y }}',
      'not-a-name': 1,
    };

    const file = contentOf(prepared(text, { secrets: { 'db-password': 'x' }, ...parameters(given) }), 'variables.yaml');

    for (const text of ['true', '1.10', '', '~', '2024-01-01', '5\n', '.INF']) {
      const typed = prepared(`${playbook}parameters: {properties: {t: {}}}\n`, parameters({ t: text }));
      assert.ok(
        contentOf(typed, 'variables.yaml').endsWith(`? "t" : ${JSON.stringify(text).replace('\\n', '\\u000a')}}\n`),
        text,
      );
    }
    const [own = '', ...lines] = file.trim().split('\n');
    assert.match(own, /^\{\? "farhand" : .*\? "other" : !unsafe "\{\{ y \}\}"/);
    assert.deepEqual(lines, [
      String.raw`? "a" : [!unsafe "{{ x }}", {? "k" : !unsafe "\u00e4\"\\\u2028\U0001f600", ? !unsafe "{{ k }}" : null}, !!float "1e+21", 2, true],`,
      `? "pw" : "{{ lookup('ansible.builtin.env', 'FARHAND_SECRET_DB_PASSWORD') }}"}`,
    ]);
  });

  test('checks host keys by a configuration of its own, with the keys that the job or the file says', () => {
    const own = prepared(
      `${playbook}hosts: a\nknownHosts: "\${parameters.k}"\nsshOptions: {ProxyJump: bastion}\n`,
      parameters({ k: ['a ssh-ed25519 AAAA', 'b ssh-ed25519 BBBB'] }),
    );
    const plain = prepared(`${playbook}hosts: a\nprivateKeySecret: key\n`, { secrets: { key: 'x' } });

    assert.equal(contentOf(own, 'known-hosts'), 'a ssh-ed25519 AAAA\nb ssh-ed25519 BBBB\n');
    assert.match(contentOf(own, 'ssh-config'), /^StrictHostKeyChecking yes\n/);
    assert.match(
      contentOf(own, 'ssh-config'),
      /UserKnownHostsFile "\/attempt\/known-hosts"\nGlobalKnownHostsFile \/dev\/null/,
    );
    assert.match(contentOf(own, 'ssh-config'), /IdentityFile none\n$/);
    assert.match(contentOf(own, 'ansible-run'), /-o '\\''ProxyJump=bastion'\\''/);
    assert.match(contentOf(own, 'ansible-run'), /ANSIBLE_HOST_KEY_CHECKING='True'/);
    assert.doesNotMatch(contentOf(plain, 'ssh-config'), /KnownHostsFile|Identity(File|Agent)/);
  });

  for (const [title, lines, message] of [
    ['neither playbook nor role', 'hosts: a', /expected "playbook" or "role", got neither/],
    ['both', 'playbook: |\n  - hosts: all\n  \nrole: x', /:5:1: role: expected "playbook" or "role", got both/],
    [
      'a playbook that is not there',
      'playbook: plays/none.yml',
      /:2:\d+: playbook: expected something at .*plays\/none\.yml, found nothing/,
    ],
    ['a playbook that a job would choose', 'playbook: "${parameters.p}"', /playbook: .*a job could choose any file/],
    ['a role with a path', 'role: ../x', /role: expected the name of a role, got the text "\.\.\/x"/],
    ['an unknown key', 'role: x\nbecomes: true', /unknown key: did you mean "become"\?/],
    [
      'gatherFacts beside a playbook',
      'playbook: |\n  - hosts: all\n\ngatherFacts: false',
      /gatherFacts: this is for "role" only/,
    ],
    ['an unknown placeholder', 'role: x\nremoteUser: "${parameter.u}"', /remoteUser: .*did you mean "parameters"\?/],
    ['a secret in an argument', 'role: x\nlimit: "${secrets.s}"', /limit: .*a secret never stands in arguments/],
    [
      'host keys unchecked',
      'role: x\nsshOptions: {stricthostkeychecking: "no"}',
      /:3:\d+: sshOptions\.stricthostkeychecking: this option is not free/,
    ],
    [
      'a variable that the kind sets',
      'role: x\nenvironment: {ANSIBLE_HOST_KEY_CHECKING: "False"}',
      /environment\.ANSIBLE_HOST_KEY_CHECKING: this variable is set by the kind/,
    ],
    [
      'a parameter that decides how Ansible runs',
      'role: x\nparameters: {properties: {ansible_connection: {}}}',
      /parameters\.properties\.ansible_connection: a parameter of this name would decide/,
    ],
    [
      'two meanings of one variable',
      'role: x\nsecretVariables: {a: s}\nparameters: {properties: {a: {}}}',
      /secretVariables\.a: a variable of this name is there already/,
    ],
    ['a password of nobody', 'role: x\nbecomePasswordSecret: s', /becomePasswordSecret: expected "become" as well/],
    [
      'two sources of keys',
      'role: x\nprivateKeySecret: s\nprivateKeyFile: /etc/hostname',
      /privateKeyFile: expected this or "privateKeySecret", got both/,
    ],
    [
      'too many forks',
      'role: x\nforks: 1000',
      /forks: expected at most 500, got the number 1000. Write a whole number from 1 to 500/,
    ],
    ['hosts that are none', 'role: x\nhosts: 5', /hosts: .*Write hosts, such as/],
  ] as const) {
    test(`reports ${title} with a remedy`, () => {
      const mistakes = readMistakes(`kind: ansible\n${lines}\n`);

      assert.match(mistakes.join('\n'), message);
    });
  }

  test('tells of a playbook that lies among the automations, where it would be read as one', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await mkdir(join(folder.path, 'playbooks'));
    for (const name of ['site.yml', 'playbooks/site.yml']) await writeFile(join(folder.path, name), '- hosts: all\n');

    const path = join(folder.path, 'deploy.yaml');

    assert.match(
      readMistakes('kind: ansible\nplaybook: site.yml\n', path).join('\n'),
      /move it to playbooks\/site\.yml/,
    );
    assert.equal(readAutomation('kind: ansible\nplaybook: playbooks/site.yml\n', path).name, 'deploy');
  });

  test('has examples without mistakes', async () => {
    const { automations, mistakes } = await loadCatalog(join(import.meta.dirname, '../../../../examples/ansible'));

    assert.deepEqual(mistakes.map(formatMistake), []);
    assert.deepEqual(
      automations.map(({ name }) => name),
      ['look-at-hosts', 'write-notice'],
    );
  });
});
