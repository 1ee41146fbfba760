import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { countStart, createRunnerGate } from '../../../agent/runner/runner-gate.ts';
import type { Way } from '../../../agent/ways/way.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';
import type { SessionTransport } from '../../../transports/session-transport.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-gate-'));
after(() => rm(folder, { recursive: true }));

test('Each start in a folder counts above those before it, and is on the disk before it is told', async () => {
  const path = join(folder, 'runner.json');
  let flushes = 0;
  const fs: FileSystem = {
    ...systemFileSystem,
    async open(opened, flags, mode) {
      const handle = await systemFileSystem.open(opened, flags, mode);
      return { ...handle, sync: () => handle.sync().then(() => void (flushes += 1)) };
    },
  };

  const first = await countStart(fs, path);
  const flushed = flushes;
  const counts = [first, await countStart(fs, path), await countStart(fs, path)];

  assert.ok(flushed > 0);
  assert.deepEqual(counts, [1, 2, 3]);
});

test('Sessions take one way after the other, with the count of starts, until the runner leaves', async () => {
  const toWay = (name: string) => ({ url: name, session: { name } as unknown as SessionTransport }) as unknown as Way;
  const gate = createRunnerGate(7, [toWay('best'), toWay('other')]);
  const leaving = new AbortController();

  const names: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const pass = (await gate.enter(leaving.signal)) ?? assert.fail('expected a pass');
    names.push(`${pass.transport.name} ${pass.leaseEpoch}`);
  }
  leaving.abort();

  assert.deepEqual(names, ['best 7', 'other 7', 'best 7']);
  assert.equal(await gate.enter(leaving.signal), null);
});
