import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { type AgentPlace, createAgentPlace, waitFor } from '../agent/agent-place.ts';
import type { FakeRequest } from '../support/fake-hub.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { findOutsideProgram } from '../support/outside-program.ts';

checkLeaks();

const packer = findOutsideProgram('packer', { built: null, remedy: 'the Debian package "packer" has it' });

const template = `
variable "content" {
  type    = string
  default = "nothing"
}
variable "target" {
  type    = string
  default = "made.txt"
}
variable "password" {
  type    = string
  default = "none"
}
variable "run" {
  type    = string
  default = "true"
}
source "file" "image" {
  content = var.content
  target  = var.target
}
source "null" "check" {
  communicator = "none"
}
build {
  sources = ["source.file.image", "source.null.check"]
  provisioner "shell-local" {
    environment_vars = ["PASSWORD=\${var.password}"]
    inline           = [var.run]
  }
  post-processor "manifest" {
    strip_path = true
  }
}
`;

function automation(...more: readonly string[]): string {
  return [
    'kind: packer',
    `program: ${JSON.stringify(packer.path)}`,
    'source: ./image',
    'inherit: [LEAK_CHECK, GATE]',
    ...more,
    '',
  ].join('\n');
}

const image = automation('action: "${parameters.action}"', 'actions: [validate, build]', 'only: ["file.image"]');

async function createPackerPlace(more: Readonly<Record<string, string>> = {}): Promise<AgentPlace> {
  const place = await createAgentPlace({ image, ...more });
  const folder = join(place.root, 'automations', 'image');
  await mkdir(folder);
  await writeFile(join(folder, 'image.pkr.hcl'), template);
  return place;
}

async function run(
  place: AgentPlace,
  parameters: JsonObject,
  given: Partial<FakeRequest> = {},
): Promise<AttemptResult> {
  const id = place.hub.offer({ automation: 'image', parameters, ...given });
  const result = await place.hub.result(id);
  assert.equal(result.log.sha256, place.hub.digest(id));
  return result;
}

function assertSucceeded(
  place: AgentPlace,
  result: AttemptResult,
): asserts result is AttemptResult & { outputs: JsonObject } {
  const log = place.hub.log([...place.hub.attempts.keys()].at(-1) ?? '').toString();
  assert.equal(result.outcome, 'succeeded', `${result.message}\n${log}`);
  assert.ok(result.outputs !== null);
}

suite('a template of Packer', () => {
  test('is validated, and built with its artifacts and its manifest as outputs', { skip: packer.skip }, async () => {
    await using place = await createPackerPlace({ all: automation('action: build') });
    await place.start();
    const target = join(place.root, 'made.txt');

    const valid = await run(place, { action: 'validate' });
    const built = await run(place, { content: 'hello', target }, { automation: 'all' });

    assert.deepEqual([valid.outcome, valid.outputs], ['succeeded', { action: 'validate', valid: true }]);
    assertSucceeded(place, built);
    assert.deepEqual(
      (built.outputs['artifacts'] as JsonObject[]).toSorted((one) => (one['build'] === 'file.image' ? -1 : 1)),
      [
        { build: 'file.image', description: `Stored file: ${target}` },
        { build: 'null.check', description: 'Did not export anything. This is the null builder' },
      ],
    );
    const { builds } = built.outputs['manifest'] as { builds: JsonObject[] };
    const file = builds.find(({ name }) => name === 'image');
    assert.deepEqual([file?.['builder_type'], file?.['files']], ['file', [{ name: 'made.txt', size: 5 }]]);
    assert.equal(await readFile(target, 'utf8'), 'hello');
    assert.deepEqual(readdirSync(join(place.root, 'automations/image')), ['image.pkr.hcl']);
  });

  test('that is wrong fails with what packer says, and builds nothing', { skip: packer.skip }, async () => {
    await using place = await createPackerPlace();
    await place.start();
    const target = join(place.root, 'made.txt');

    const failed = await run(place, { action: 'build', run: 'exit 3', target });
    await writeFile(join(place.root, 'automations/image/more.pkr.hcl'), 'source "file" {}\n');
    const invalid = await run(place, { action: 'validate' });

    assert.deepEqual([failed.outcome, failed.cause, failed.exitCode, failed.outputs], ['failed', 'exit-code', 1, null]);
    assert.match(failed.message, /build failed: file.image: Script exited with non-zero exit status: 3/);
    assert.match(
      invalid.message,
      /^the program ended with exit status 1: validate failed: Missing name for source: All source blocks must have 2 labels \(type, name\)\.$/,
    );
  });

  const hostile: Readonly<Record<string, string>> = {
    quotes: `it's "quoted" \`like\` \\this\\ '"'"'`,
    expansions: '$(touch pwned) `id` ${HOME} $HOME ${var.password} $${x} %{if true}%%',
    lines: 'one\ntwo\r\nthree\n\n\ttab\n',
    option: '-force',
    emoji: '👩‍🚀 naïve 你好',
    long: `${'0123456789 "\n'.repeat(8_000)}end`,
  };

  test('gets parameters of any content byte by byte', { skip: packer.skip }, async () => {
    const given = automation('action: build', 'only: ["file.image"]');
    await using place = await createPackerPlace({ given });
    await place.start();
    const content = Object.values(hostile).join('\n---\n');
    const target = join(place.root, 'made.txt');

    const result = await run(place, { content, target }, { automation: 'given' });

    assertSucceeded(place, result);
    assert.equal(await readFile(target, 'utf8'), content);
  });

  test('gets secrets by its environment, and gives them to neither log nor outputs', {
    skip: packer.skip,
  }, async () => {
    const secret = 'correct "horse" ${battery} staple';
    await using place = await createPackerPlace({
      told: automation(
        'action: build',
        'variables: {password: "${secrets.word}", run: "${parameters.run}", target: "${parameters.target}"}',
      ),
    });
    await place.start();
    const looks = 'echo "got $PASSWORD"; grep -rls "stapl[e]" .. || true';

    const result = await run(
      place,
      { run: looks, target: join(place.root, 'made.txt') },
      { automation: 'told', secrets: { word: secret } },
    );
    const log = place.hub.log([...place.hub.attempts.keys()].at(-1) ?? '').toString();

    assertSucceeded(place, result);
    assert.match(log, /got \*\*\*/);
    assert.ok(!/battery|staple/.test(log + JSON.stringify(result)), log);
    assert.ok(!/: \.\.\/(?!raw)/.test(log), log);
  });

  test('that is cancelled removes what it made, and says so', { skip: packer.skip }, async () => {
    await using place = await createPackerPlace();
    await place.start();
    const target = join(place.root, 'made.txt');
    // Its script takes a second to end: else Packer may tell of its failure before it has seen the signal itself.
    const parameters = { action: 'build', target, run: "trap 'sleep 1; exit 1' TERM; echo working; sleep 30 & wait" };
    const id = place.hub.offer({ automation: 'image', parameters });
    await place.hub.until(() => place.hub.log(id).toString().includes('file.image: working'), 'the build at work');

    await place.hub.cancel(id);
    const result = await place.hub.result(id);

    assert.deepEqual([result.outcome, result.cause, result.escaped], ['cancelled', 'cancelled', 0]);
    assert.match(place.hub.log(id).toString(), /Cancelling build/);
  });

  test('that runs on while its agent is replaced is adopted, and its artifacts are told', {
    skip: packer.skip,
  }, async () => {
    await using place = await createPackerPlace();
    const agent = await place.start();
    const target = join(place.root, 'made.txt');
    const parameters = { action: 'build', target, run: `echo working; ${waitFor('go')}` };
    const id = place.hub.offer({ automation: 'image', parameters });
    await place.hub.until(() => place.hub.log(id).toString().includes('file.image: working'), 'the build at work');

    await agent[Symbol.asyncDispose]();
    await place.start();
    await place.open('go');
    const result = await place.hub.result(id);

    assertSucceeded(place, result);
    assert.deepEqual(result.outputs['artifacts'], [{ build: 'file.image', description: `Stored file: ${target}` }]);
  });

  test('of the older syntax is built too, and neither takes a value that packer would run', {
    skip: packer.skip,
  }, async () => {
    const old = automation('template: old.json', 'action: build');
    await using place = await createPackerPlace({ old });
    const builder = { type: 'file', content: '{{user `content`}}', target: '{{user `target`}}' };
    const text = { variables: { content: '', target: '' }, builders: [builder] };
    await writeFile(join(place.root, 'automations/image/old.json'), JSON.stringify(text));
    await place.start();
    const target = join(place.root, 'made.txt');

    const built = await run(place, { content: hostile['quotes'] ?? '', target }, { automation: 'old' });
    const code = { content: '{{env `HOME`}}', target };
    const refused = [await run(place, code, { automation: 'old' }), await run(place, { action: 'build', ...code })];

    assertSucceeded(place, built);
    assert.equal(await readFile(target, 'utf8'), hostile['quotes']);
    for (const { cause, started, message } of refused) {
      assert.deepEqual([cause, started], ['parameters-invalid', false]);
      assert.match(message, /the variable "content": expected a value without "\{\{"/);
    }
  });

  test('chosen by a job out of those that the file allows, or not at all', { skip: packer.skip }, async () => {
    const checked = automation('action: "${parameters.action}"', 'actions: [validate]');
    await using place = await createPackerPlace({ checked });
    await place.start();
    const target = join(place.root, 'made.txt');

    const refused = await run(place, { action: 'build', target }, { automation: 'checked' });

    assert.deepEqual([refused.cause, refused.started], ['parameters-invalid', false]);
    assert.match(refused.message, /expected one of validate, got "build"/);
    assert.ok(!existsSync(target));
  });
});
