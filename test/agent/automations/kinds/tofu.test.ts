import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { prepare } from '../../../../agent/automations/prepare.ts';
import type { PreparedCommand } from '../../../../agent/automations/prepared-command.ts';
import type { JsonObject } from '../../../../protocol/json.ts';
import { createPreparation, readAutomation, readMistakes } from '../sample.ts';

const file = '/etc/farhand/net.yaml';

function lines(...more: readonly string[]): string {
  return ['kind: tofu', 'source: ./network', 'stateFolder: ../state', ...more].join('\n');
}

function make(
  text: string,
  parameters: JsonObject = {},
  secrets: Readonly<Record<string, string>> = {},
): PreparedCommand {
  const result = prepare(readAutomation(text, file), createPreparation({ secrets, document: { parameters } }));
  if (result.type === 'refused') assert.fail(result.message);
  return result.command;
}

function refuse(text: string, parameters: JsonObject = {}): string {
  const result = prepare(readAutomation(text, file), createPreparation({ document: { parameters } }));
  assert.equal(result.type, 'refused');
  return result.type === 'refused' ? `${result.cause}: ${result.message}` : '';
}

function contentOf(command: PreparedCommand, name: string): string {
  return command.files.find((one) => one.name === name)?.content ?? '';
}

suite('a file of kind tofu', () => {
  test('becomes one program of constant text, with everything that varies in arguments and files', () => {
    const text = lines(
      'action: apply',
      'workspace: "${parameters.stage}"',
      'targets: ["terraform_data.a[\\"${parameters.stage}\\"]"]',
      'lockTimeoutSeconds: 5',
      'module: env/live',
      'pluginCache: /var/cache/tofu',
    );

    const one = make(text, { stage: 'test', count: 3, list: ['${x}', '$(id)'] });
    const other = make(lines('action: plan'), { x: '$(touch pwned)' });

    assert.deepEqual(one.argv.slice(1), [
      '/attempt/tofu-program',
      'tofu',
      'apply',
      '/etc/farhand/network',
      'env/live',
      'test',
      '5',
      '/etc/state',
      '',
      '/var/cache/tofu',
      '',
      '',
      '0190d2a6-0000-7000-8000-000000000001',
      '-target=terraform_data.a["test"]',
    ]);
    assert.equal(contentOf(one, 'tofu-program'), contentOf(other, 'tofu-program'));
    assert.deepEqual(JSON.parse(contentOf(one, 'variables.tfvars.json')), { count: 3, list: ['${x}', '$(id)'] });
    assert.equal(
      contentOf(one, 'farhand.tfbackend'),
      'path = "/etc/state/terraform.tfstate"\nworkspace_dir = "/etc/state/workspaces"\n',
    );
    assert.deepEqual(
      one.needs?.map(({ program }) => program),
      ['tofu'],
    );
  });

  test('gives variables the types that parameters have, and secrets by the environment alone', () => {
    const text = lines(
      'action: apply',
      'variables:',
      '  zone: "${parameters.zone}-a"',
      '  count: "${parameters.count}"',
      '  tags: {team: core, from: "${agent.name}", all: ["${parameters.list}"]}',
      '  on: true',
      '  password: "pre-${secrets.word}"',
    );

    const command = make(text, { zone: 'x', count: 3, list: [1, null] }, { word: 'horse-battery' });

    assert.deepEqual(JSON.parse(contentOf(command, 'variables.tfvars.json')), {
      zone: 'x-a',
      count: 3,
      tags: { team: 'core', from: 'a1', all: [[1, null]] },
      on: true,
    });
    assert.equal(command.environment['TF_VAR_password'], 'pre-horse-battery');
    assert.ok(!JSON.stringify([command.argv, command.files]).includes('horse-battery'));
  });

  test('that names no variables gives each parameter and secret under its own name', () => {
    const text = lines('action: "${parameters.action}"', 'actions: [plan, apply]');

    const command = make(text, { action: 'plan', region: 'ams' }, { token: 't-o-k-e-n', 'not-a-variable': 'x-y-z' });

    assert.deepEqual(JSON.parse(contentOf(command, 'variables.tfvars.json')), { region: 'ams' });
    const given = Object.keys(command.environment).filter((name) => name.startsWith('TF_VAR_'));
    assert.deepEqual(given, ['TF_VAR_token']);
  });

  test('refuses a job that asks for more than it allows', () => {
    const text = lines('action: "${parameters.action}"', 'actions: [plan]', 'workspace: "${parameters.stage}"');

    assert.match(refuse(text, { action: 'destroy', stage: 'x' }), /^parameters-invalid: .*one of plan, got "destroy"/);
    assert.match(refuse(text, { action: 'plan', stage: '-x' }), /^parameters-invalid: the workspace: expected 1 to 63/);
    assert.match(refuse(text, { action: 'plan', stage: '../x' }), /^parameters-invalid: the workspace/);
    assert.match(refuse(text, { action: 'plan' }), /needs \$\{parameters.stage\}/);
    const unlock = lines('action: unlock', 'lockId: "${parameters.id}"');
    assert.match(refuse(unlock, { id: '-force' }), /^parameters-invalid: the lock id/);
  });

  const mistakes: readonly (readonly [title: string, text: string, message: RegExp])[] = [
    ['no action', lines(), /:1:1: action: expected text, got nothing\. Write plan, apply, destroy or unlock/],
    [
      'an unknown action',
      lines('action: aply'),
      /:4:9: action: expected one of plan, apply, destroy, unlock.* got "aply"/,
    ],
    [
      'a chosen action without its list',
      lines('action: "${parameters.a}"'),
      /:4:9: action: expected beside it "actions"/,
    ],
    [
      'a list without a choice',
      lines('action: plan', 'actions: [plan]'),
      /:5:1: actions: only an action that a job chooses/,
    ],
    [
      'a source that a job chooses',
      'kind: tofu\nsource: "/x/${parameters.a}"\naction: plan',
      /:2:9: source: .*placeholders/,
    ],
    [
      'a module outside of source',
      lines('action: plan', 'module: ../other'),
      /:5:9: module: expected a path within "source"/,
    ],
    [
      'a secret among arguments',
      lines('action: plan', 'targets: ["${secrets.a}"]'),
      /targets\.0: .* a secret never stands in arguments/,
    ],
    [
      'a secret within a list',
      lines('action: plan', 'variables: {a: ["${secrets.a}"]}'),
      /variables\.a\.0: a secret goes to the program by its environment/,
    ],
    [
      'a secret for a name with "-"',
      lines('action: plan', 'variables: {a-b: "${secrets.a}"}'),
      /:5:13: variables\.a-b: .*rename it/,
    ],
    [
      'two places of the state',
      lines('action: plan', 'backendConfig: {a: b}'),
      /:5:1: backendConfig: .*got both: take one out/,
    ],
    ['a plan without a folder', lines('action: apply', 'plan: x'), /:5:1: plan: needs beside it "planFolder"/],
    ['unlock without an id', lines('action: unlock'), /:4:9: action: unlock needs beside it "lockId"/],
    ['an id without unlock', lines('action: plan', 'lockId: x'), /:5:1: lockId: only the action unlock needs it/],
    ['a working directory', lines('action: plan', 'workingDirectory: /srv'), /:5:1: workingDirectory: .*by "module"/],
    [
      'a misspelt key',
      lines('action: plan', 'stateFoldr: x'),
      /:5:1: stateFoldr: unknown key: did you mean "stateFolder"\?/,
    ],
    [
      'a lock time that is text',
      lines('action: plan', 'lockTimeoutSeconds: 60s'),
      /:5:21: lockTimeoutSeconds: .*Write seconds/,
    ],
  ];
  for (const [title, text, message] of mistakes) {
    test(`with a mistake is told the place and the remedy: ${title}`, () => {
      assert.match(readMistakes(text).join('\n'), message);
    });
  }

  test('gives its program time to end, unless it says how much', () => {
    assert.equal(readAutomation(lines('action: plan')).graceSeconds, 300);
    assert.equal(readAutomation(lines('action: plan', 'graceSeconds: 0')).graceSeconds, 0);
  });
});

test('A file of kind terraform runs terraform', () => {
  const command = make(
    'kind: terraform\nsource: /srv/net\naction: plan\nbackendConfig: {path: "a${b}\\n%{c} \\b\\\\b"}',
  );

  assert.equal(command.argv[2], 'terraform');
  assert.match(command.needs?.[0]?.remedy ?? '', /^install Terraform /);
  assert.equal(contentOf(command, 'farhand.tfbackend'), 'path = "a$${b}\\n%%{c} \\u0008\\\\b"\n');
});
