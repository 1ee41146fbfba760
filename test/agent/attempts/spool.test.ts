import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { defaultSpoolLimits, openSpool, type Spool } from '../../../agent/attempts/spool.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-spool-'));
after(() => rm(folder, { recursive: true }));
const reserve = join(folder, 'reserve');

function open(): Promise<Spool> {
  const limits = defaultSpoolLimits;
  return openSpool({ fs: systemFileSystem, folder, reserve, limits, freeBytes: () => 1e9, logger: silentLogger });
}

/** Fails so many times for want of room. */
function refusedTimes(times: number): () => Promise<void> {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };
}

test('A record that finds no room leaves the most of the reserve for those behind it', async () => {
  const spool = await open();

  await spool.withReserve(refusedTimes(1));

  assert.ok((await stat(reserve)).size > defaultSpoolLimits.reserveBytes / 2);
});

test('A record finds room though a job takes what comes free first, until the reserve is used up', async () => {
  const spool = await open();

  await spool.withReserve(refusedTimes(5));

  await assert.rejects(spool.withReserve(refusedTimes(100)), { code: 'ENOSPC' });
});
