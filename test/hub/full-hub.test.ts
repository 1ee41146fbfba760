import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { startTestHub } from '../support/test-hub.ts';
import { until } from '../support/until.ts';

checkLeaks();

test('A hub whose disk is full is alive and not ready, says so, and is ready again once there is room', async (t) => {
  using disk = mountSmallDisk(join(tmpdir(), `farhand-full-${process.pid}`), '4m');
  if (disk === null) return t.skip('this process may not mount a file system of its own');
  await using hub = await startTestHub({ root: disk.folder });
  const ask = async (path: string) => {
    const answer = await fetch(`${hub.address}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const ready = await ask('/readyz');
  const filler = join(disk.folder, 'filler');
  await writeFile(filler, Buffer.alloc(8 * 1024 * 1024)).catch(() => {});

  const parameters = { long: 'x'.repeat(200_000) };
  await until('the disk to be found full', async () => {
    const { status } = await hub.call('POST', '/jobs', { automation: 'greet', parameters });
    return status === 503 || status === 500;
  });
  const full = await ask('/readyz');
  const alive = await ask('/livez');
  const metrics = await ask('/metrics');
  await rm(filler);
  await until('the hub to be ready again', async () => (await ask('/readyz')).status === 200);
  const later = await hub.submit({ automation: 'greet' });

  assert.equal(ready.status, 200);
  assert.equal(full.status, 503);
  assert.match(full.text, /disk of the hub's data folder is full: make room/);
  assert.doesNotMatch(full.text, new RegExp(disk.folder));
  assert.equal(alive.status, 200);
  assert.match(metrics.text, /^farhand_hub_ready 0$/m);
  assert.match(metrics.text, /^farhand_hub_loop_failures_total\{loop="store"\} [1-9]/m);
  assert.equal(later.state, 'queued');
});
