import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readBuildList } from '../../../../agent/automations/kinds/packer/build-list.ts';
import { packerHarvest } from '../../../../agent/automations/kinds/packer/packer-harvest.ts';
import { prepare } from '../../../../agent/automations/prepare.ts';
import { createPreparation, readAutomation, readMistakes } from '../sample.ts';

const file = '/etc/farhand/image.yaml';

function lines(...more: readonly string[]): string {
  return ['kind: packer', 'source: ./image', ...more].join('\n');
}

suite('a file of kind packer', () => {
  test('becomes one program of constant text, with secrets in the environment alone', () => {
    const text = lines(
      'template: web.pkr.hcl',
      'action: build',
      'only: ["null.${parameters.build}"]',
      'force: true',
      'onError: abort',
      'variables: {size: "${parameters.size}", password: "${secrets.word}"}',
    );
    const document = { parameters: { build: 'web', size: 3 } };

    const result = prepare(
      readAutomation(text, file),
      createPreparation({ secrets: { word: 'horse-battery' }, document }),
    );

    if (result.type === 'refused') assert.fail(result.message);
    const { argv, files, environment, needs } = result.command;
    assert.deepEqual(argv.slice(1), [
      '/attempt/packer-program',
      'packer',
      'build',
      '/etc/farhand/image',
      'web.pkr.hcl',
      'packer-manifest.json',
      'no',
      '',
      '-color=false',
      '-on-error=abort',
      '-parallel-builds=0',
      '-force',
      '-only=null.web',
      '-var-file=/attempt/variables.pkrvars.json',
    ]);
    assert.equal(files.find(({ name }) => name === 'variables.pkrvars.json')?.content, '{"size":3}');
    assert.equal(environment['PKR_VAR_password'], 'horse-battery');
    assert.ok(!JSON.stringify([argv, files]).includes('horse-battery'));
    assert.match(needs?.[0]?.remedy ?? '', /^install packer /);
  });

  const mistakes: readonly (readonly [title: string, text: string, message: RegExp])[] = [
    ['an unknown action', lines('action: bild'), /:3:9: action: expected one of validate, build.* got "bild"/],
    ['a template outside of source', lines('action: build', 'template: /x'), /:4:11: template: expected a path within/],
    [
      'a template like an option',
      lines('action: build', 'template: -force'),
      /:4:11: template: expected a path within/,
    ],
    [
      'a secret for an older template',
      lines('action: build', 'template: a.json', 'variables: {a: "${secrets.b}"}'),
      /variables\.a: a JSON template takes a secret from the environment/,
    ],
    ['another way on error', lines('action: build', 'onError: ask'), /onError: expected one of cleanup, abort/],
  ];
  for (const [title, text, message] of mistakes) {
    test(`with a mistake is told the place and the remedy: ${title}`, () => {
      assert.match(readMistakes(text).join('\n'), message);
    });
  }
});

const finished = `==> file.a: working
--> file.a: not an artifact
Build 'file.a' finished.

==> Some builds didn't complete successfully and had errors:
--> null.b: Script exited with non-zero exit status: 3

==> Builds finished. The artifacts of successful builds are:
--> file.a: Stored file: /x: y
--> file.a: Stored file: /x: y
--> amazon-ebs.web: AMIs were created:
eu-west-1: ami-1
us-east-1: ami-2

==> something else
farhand: build failed
`;
const heading = 'Builds finished. The artifacts';

suite('what packer leaves', () => {
  test('is told build by build, each once', () => {
    assert.deepEqual(readBuildList(finished, heading), [
      { build: 'file.a', text: 'Stored file: /x: y' },
      { build: 'amazon-ebs.web', text: 'AMIs were created:\neu-west-1: ami-1\nus-east-1: ami-2' },
    ]);
    assert.deepEqual(readBuildList(`==> ${heading}\n--> a: b`, heading), [{ build: 'a', text: 'b' }]);
    assert.deepEqual(readBuildList('--> a: b\n', heading), []);
    assert.deepEqual(readBuildList(`x ==> ${heading}\n--> a: b\n`, heading), []);
  });

  test('says which build failed, and of what', () => {
    const files = (name: string) => (name === 'raw' ? Buffer.from(finished) : Buffer.from('build failed'));

    assert.equal(packerHarvest.explain(files, 1), 'build failed: null.b: Script exited with non-zero exit status: 3');
    assert.equal(
      packerHarvest.explain(() => null, 1),
      null,
    );
  });

  test('is null where the log was cut before the list, and empty where nothing was made', () => {
    const leave = (log: string) => (name: string) =>
      name === 'raw' ? Buffer.from(log) : name === 'action' ? Buffer.from('build') : null;

    assert.equal(packerHarvest.toOutputs(leave('==> file.a: wor'))['artifacts'], null);
    assert.deepEqual(
      packerHarvest.toOutputs(leave('x\n==> Builds finished but no artifacts were created.\n'))['artifacts'],
      [],
    );
  });

  test('comes with its manifest, which has to be an object', () => {
    const leave = (manifest: string | null) => (name: string) => {
      const contents: Record<string, string | null> = { action: 'build', 'manifest.json': manifest };
      const content = contents[name] ?? null;
      return content === null ? null : Buffer.from(content);
    };

    const whole = packerHarvest.toOutputs(leave('{"builds": []}'));

    assert.deepEqual(whole, { action: 'build', artifacts: null, manifest: { builds: [] } });
    assert.equal(packerHarvest.toOutputs(leave(null))['manifest'], null);
    assert.throws(() => packerHarvest.toOutputs(leave('[]')), /expected one JSON object in the manifest/);
    assert.throws(() => packerHarvest.toOutputs(leave('{')), /expected one JSON object in the manifest/);
  });
});
