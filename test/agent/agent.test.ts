import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { openTombstones } from '../../agent/attempts/tombstones.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace } from './agent-place.ts';

checkLeaks();

test('A job runs, its log and outputs arrive, and its folder is freed behind a tombstone', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const id = place.hub.offer({
    automation: 'sh',
    parameters: { run: 'echo hello; echo \'{"n":1}\' >"$FARHAND_OUTPUTS"' },
  });
  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), 'hello\n');
  assert.deepEqual(
    {
      outcome: result.outcome,
      cause: result.cause,
      exitCode: result.exitCode,
      started: result.started,
      outputs: result.outputs,
    },
    { outcome: 'succeeded', cause: 'exit-code', exitCode: 0, started: true, outputs: { n: 1 } },
  );
  assert.equal(result.log.sha256, createHash('sha256').update('hello\n').digest('hex'));
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
  assert.ok(await openTombstones(systemFileSystem, `${place.data}/tombstones`).has(id));
});
