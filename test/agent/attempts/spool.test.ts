import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { defaultSpoolLimits, openSpool, type Spool } from '../../../agent/attempts/spool.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';
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

/** A spool whose disk says that it has so much left, and where a write of more than `roomBytes` finds no room. */
async function openOn(disk: { freeBytes: number; roomBytes: number }, maxBytes: number | null = null): Promise<Spool> {
  const fs: FileSystem = {
    ...systemFileSystem,
    async open(path, flags, mode) {
      const handle = await systemFileSystem.open(path, flags, mode);
      return {
        ...handle,
        async write(bytes, position) {
          if (bytes.length <= disk.roomBytes) return handle.write(bytes, position);
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        },
      };
    },
  };
  const limits = { ...defaultSpoolLimits, maxBytes };
  return openSpool({ fs, folder, reserve, limits, freeBytes: () => disk.freeBytes, logger: silentLogger });
}

const names = () => readdir(folder);

test('Output up to the bound leaves no room for another job, until it is gone', async () => {
  const spool = await openOn({ freeBytes: 1e9, roomBytes: 1e9 }, 100);
  spool.note('one', 60);
  spool.note('two', 30);
  spool.note('two', 39);
  assert.deepEqual([spool.bytes, spool.isShort], [99, false]);

  spool.note('two', 40);
  assert.deepEqual([await spool.hasRoom(), spool.isShort, spool.isOverBound], [false, true, false]);
  spool.note('two', 41);
  assert.equal(spool.isOverBound, true);
  spool.forget('one');

  assert.deepEqual([spool.bytes, spool.isShort, await spool.hasRoom()], [41, false, true]);
});

test('The reserve is whole again before another job is taken', async () => {
  const spool = await open();
  await spool.withReserve(refusedTimes(2));
  assert.ok((await stat(reserve)).size < defaultSpoolLimits.reserveBytes);

  assert.equal(await spool.hasRoom(), true);

  assert.equal((await stat(reserve)).size, defaultSpoolLimits.reserveBytes);
});

test('Whether a disk with little left is full a write says, of which nothing stays', async () => {
  const disk = { freeBytes: 1e9, roomBytes: 1e9 };
  const spool = await openOn(disk);
  assert.equal(await spool.isFull(folder), false);

  disk.freeBytes = 1_000;
  assert.equal(await spool.isFull(folder), false);
  assert.deepEqual(await names(), ['reserve']);
  disk.roomBytes = 0;

  assert.equal(await spool.isFull(folder), true);
  assert.deepEqual(await names(), ['reserve']);
});

test('A reserve that finds no room leaves none of itself in the way', async () => {
  await rm(reserve, { force: true });

  await openOn({ freeBytes: 1e9, roomBytes: 0 });

  assert.deepEqual(await names(), []);
});
