import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace } from './agent-place.ts';
import { dead, type Planted, plant } from './planted-attempt.ts';

checkLeaks();

/** What an agent that finds this folder makes of it: it offers no automation of that kind. */
async function conclude(planted: Planted): Promise<AttemptResult> {
  await using place = await createAgentPlace();
  const id = await plant(place, { document: 'this-boot', started: dead, ...planted });
  await place.start();
  return await place.hub.result(id);
}

const applied = {
  action: 'apply',
  changes: 'true',
  'plan.json': '{"resource_changes": []}',
  'values.json': '{"url": {"value": "at hunter2 now"}, "key": {"value": 1, "sensitive": true}}',
};

suite('What a command left is read as its kind says', () => {
  test('by an agent that did not start it, with secrets masked', async () => {
    const { outcome, outputs } = await conclude({
      kind: 'tofu',
      exit: '0\n',
      files: { ...applied, outputs: '{"written": "by the program"}' },
      secrets: { word: 'hunter2' },
    });

    assert.deepEqual(
      [outcome, outputs?.['values'], outputs?.['sensitive']],
      ['succeeded', { url: 'at *** now' }, ['key']],
    );
    assert.equal(outputs?.['written'], undefined);
  });

  test('and where the record names no kind it is what the program wrote', async () => {
    const { outputs } = await conclude({ exit: '0\n', files: { ...applied, outputs: '{"written": 1}' } });

    assert.deepEqual(outputs, { written: 1 });
  });

  test('and too much of it, or nothing, is no success', async () => {
    const long = JSON.stringify({ a: { value: 'x'.repeat(1024 * 1024 - 40) } });
    const tooLong = await conclude({ kind: 'tofu', exit: '0\n', files: { ...applied, 'values.json': long } });
    const nothing = await conclude({ kind: 'packer', exit: '0\n' });
    const nobody = await conclude({ kind: 'of-a-plugin', exit: '0\n' });

    assert.deepEqual([tooLong.cause, nothing.cause, nobody.cause], Array(3).fill('outputs-invalid'));
    assert.match(tooLong.message, /expected at most 1048576 bytes of outputs, got 1048\d+/);
    assert.match(nothing.message, /expected files of the build/);
    assert.match(nobody.message, /this agent knows no kind "of-a-plugin" any more/);
  });

  test('and a failure is told with its reason, secrets masked', async () => {
    const { outcome, message, outputs } = await conclude({
      kind: 'tofu',
      exit: '1\n',
      raw: 'Error: the name hunter2 is taken\nfarhand: apply failed\n',
      files: { ...applied, failure: 'apply failed' },
      secrets: { word: 'hunter2' },
    });

    assert.equal(message, 'the program ended with exit status 1: apply failed: the name *** is taken');
    assert.deepEqual([outcome, outputs], ['failed', null]);
  });

  test('and a failure without a reason that can be read is a failure all the same', async () => {
    const { message } = await conclude({ kind: 'tofu', exit: '137\n' });
    const other = await conclude({ kind: 'of-a-plugin', exit: '3\n' });

    assert.equal(message, 'the program was ended by SIGKILL (exit status 137)');
    assert.equal(other.message, 'the program ended with exit status 3');
  });

  test('and a job that was stopped has no outputs', async () => {
    const { outcome, outputs } = await conclude({ kind: 'tofu', exit: '143 i\n', intent: 'cancelled', files: applied });

    assert.deepEqual([outcome, outputs], ['cancelled', null]);
  });
});
