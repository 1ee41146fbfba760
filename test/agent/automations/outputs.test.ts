import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import fc from 'fast-check';
import { type Outputs, readOutputs } from '../../../agent/automations/outputs.ts';
import { maxOutputsBytes } from '../../../agent/automations/program-outputs.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { readAutomation } from './sample.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farhand-outputs-'));
});

afterEach(() => rm(folder, { recursive: true }));

checkLeaks();

async function read(
  content: string | Uint8Array,
  schema = '{}',
  secrets: Record<string, string> = {},
): Promise<Outputs> {
  await writeFile(join(folder, 'outputs'), content);
  return readOutputs(readAutomation(`run: [p]\noutputs: ${schema}`), {
    fs: systemFileSystem,
    folder,
    owner: null,
    logFolder: folder,
    secrets,
    harvest: null,
  });
}

suite('outputs', () => {
  test('are one JSON object', async () => {
    assert.deepEqual(await read(' {"a": [1, {"constructor": "x"}]}\n'), {
      type: 'outputs',
      value: { a: [1, { constructor: 'x' }] },
    });
  });

  test('are lines of KEY=VALUE, of which the last of a key counts', async () => {
    assert.deepEqual(await read('url=https://x/?a=b\r\n\nempty=\nn=1\nn=2 \n'), {
      type: 'outputs',
      value: { url: 'https://x/?a=b', empty: '', n: '2 ' },
    });
  });

  test('are none where nothing was written and nothing is required', async () => {
    const automation = readAutomation('run: [p]');

    assert.deepEqual(
      await readOutputs(automation, {
        fs: systemFileSystem,
        folder,
        owner: null,
        logFolder: folder,
        secrets: {},
        harvest: null,
      }),
      { type: 'none' },
    );
    assert.deepEqual(await read(' \n'), { type: 'none' });
  });

  test('fit the schema, or are refused with the place', async () => {
    const schema = '{properties: {port: {type: integer}}, required: [port]}';

    assert.equal((await read('{"port": 80}', schema)).type, 'outputs');
    assert.deepEqual(await read('{"port": "80"}', schema), {
      type: 'invalid',
      message: 'the outputs do not fit the automation: /port must be integer, is a text',
    });
    assert.match(JSON.stringify(await read('', schema)), /\/port is required/);
  });

  test('hold no secret in their texts, nor does a message about them', async () => {
    const secrets = { s: 'hunter2' };

    assert.deepEqual(await read('{"a": ["x hunter2", {"b": "aHVudGVyMg=="}], "n": 1}', '{}', secrets), {
      type: 'outputs',
      value: { a: ['x ***', { b: '***' }], n: 1 },
    });
    assert.deepEqual(await read('{"hunter2": 1}', '{additionalProperties: false}', secrets), {
      type: 'invalid',
      message: 'the outputs do not fit the automation: /*** is not a known property',
    });
  });

  const invalid: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['not an object', '[1]', /line 1 of the outputs is neither/],
    ['a line that is neither', 'a=1\nhello', /line 2 of the outputs is neither/],
    ['a line without a key', '=1', /line 1/],
    ['JSON that is cut off', '{"a": 1', /begin like a JSON object and are not one/],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0x3d, 0xff]), /expected UTF-8/],
    ['a hostile key', '{"a": {"__proto__": {"x": 1}}}', /"__proto__" is not allowed/],
    ['a hostile key of a line', '__proto__=1', /"__proto__" is not allowed/],
    ['JSON without a bottom', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, /at most 100 levels/],
    ['more than 1 MiB', `a=${'x'.repeat(maxOutputsBytes)}`, /at most 1048576 bytes/],
  ];
  for (const [title, content, message] of invalid) {
    test(`are refused when they are ${title}`, async () => {
      const outputs = await read(content);

      assert.match(outputs.type === 'invalid' ? outputs.message : '', message);
    });
  }

  test('are read from a plain file only, and nothing blocks', async () => {
    const automation = readAutomation('run: [p]');
    const path = join(folder, 'outputs');
    const makers = [
      () => symlink('/etc/hostname', path),
      () => mkdir(path),
      async () => void execFileSync('sh', ['-c', 'mkfifo "$0"', path]),
    ];
    for (const make of makers) {
      await make();
      const outputs = await readOutputs(automation, {
        fs: systemFileSystem,
        folder,
        owner: null,
        logFolder: folder,
        secrets: {},
        harvest: null,
      });
      await rm(path, { recursive: true });

      assert.match(outputs.type === 'invalid' ? outputs.message : '', /expected a plain file at FARHAND_OUTPUTS/);
    }
  });

  test('of any bytes give a value or a message', async () => {
    const automation = readAutomation('run: [p]\noutputs: {properties: {a: {type: string}}}');
    const content = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      fc.dictionary(fc.string(), fc.json()).map((lines) =>
        Buffer.from(
          Object.entries(lines)
            .map((pair) => pair.join('='))
            .join('\n'),
        ),
      ),
    );

    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        await writeFile(join(folder, 'outputs'), bytes);
        const outputs = await readOutputs(automation, {
          fs: systemFileSystem,
          folder,
          owner: null,
          logFolder: folder,
          secrets: { s: 'abc' },
          harvest: null,
        });
        assert.ok(outputs.type !== 'invalid' || outputs.message.length > 0);
      }),
    );
  });
});
