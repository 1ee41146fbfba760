import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openTombstones } from '../../../agent/attempts/tombstones.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';
import { checkLeaks } from '../../support/leak-check.ts';

checkLeaks();

const root = await mkdtemp(join(tmpdir(), 'farhand-tombstones-'));
after(() => rm(root, { recursive: true, force: true }));

const week = 7 * 24 * 3600 * 1000;

/** Ids of one moment, and of another. */
const early = (count: number) => `01a22a94-0000-7000-8000-${String(count).padStart(12, '0')}`;
const late = (count: number) => `01a22b94-0000-7000-8000-${String(count).padStart(12, '0')}`;

function makeFolder(): Promise<string> {
  return mkdtemp(join(root, 'place-'));
}

/** The disk, with a count of what was flushed, and a word on what is to fail. */
function watched(options: { fails?: () => boolean } = {}): { fs: FileSystem; flushes: string[] } {
  const flushes: string[] = [];
  const fs: FileSystem = {
    ...systemFileSystem,
    async open(path, flags, mode) {
      const handle = await systemFileSystem.open(path, flags, mode);
      return {
        ...handle,
        async write(bytes, position) {
          if (options.fails?.() !== true) return handle.write(bytes, position);
          await handle.write(bytes.subarray(0, 20), position);
          throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        },
        async sync() {
          flushes.push('file');
          await handle.sync();
        },
      };
    },
    async syncFolder(path) {
      flushes.push('folder');
      await systemFileSystem.syncFolder(path);
    },
  };
  return { fs, flushes };
}

test('An attempt that was accepted is known to the next agent, and no other is', async () => {
  const folder = await makeFolder();

  await openTombstones(systemFileSystem, folder).add(early(1));

  const next = openTombstones(systemFileSystem, folder);
  assert.equal(await next.has(early(1)), true);
  assert.equal(await next.has(early(2)), false);
  assert.equal(await next.has(late(1)), false);
});

test('Attempts that are accepted at once share a flush, and each is told when it is durable', async () => {
  const folder = await makeFolder();
  const { fs, flushes } = watched();
  const tombstones = openTombstones(fs, folder);
  await tombstones.add(early(0));
  flushes.length = 0;

  await Promise.all(Array.from({ length: 50 }, (_, count) => tombstones.add(early(count + 1))));

  assert.deepEqual(flushes, ['file']);
  for (let count = 0; count <= 50; count += 1) assert.equal(await tombstones.has(early(count)), true);
});

test('The name of a file is flushed by each agent that adds to it first', async () => {
  const folder = await makeFolder();
  await openTombstones(systemFileSystem, folder).add(early(1));
  const { fs, flushes } = watched();

  await openTombstones(fs, folder).add(early(2));

  assert.deepEqual(flushes.toSorted(), ['file', 'folder']);
});

test('A disk that was full on the way keeps no attempt from being added later', async () => {
  const folder = await makeFolder();
  let isFull = true;
  const tombstones = openTombstones(watched({ fails: () => isFull }).fs, folder);

  await assert.rejects(tombstones.add(early(1)), { code: 'ENOSPC' });
  assert.equal(await tombstones.has(early(1)), false);
  isFull = false;
  await Promise.all([tombstones.add(early(1)), tombstones.add(late(1))]);

  assert.equal(await tombstones.has(early(1)), true);
  assert.equal(await tombstones.has(late(1)), true);
});

test('An attempt is known as soon as it was added, also by another who looked before', async () => {
  const folder = await makeFolder();
  const owner = openTombstones(systemFileSystem, folder);
  const other = openTombstones(systemFileSystem, folder);
  assert.deepEqual([await owner.has(early(1)), await other.has(early(1))], [false, false]);

  await owner.add(early(1));
  assert.deepEqual([await owner.has(early(1)), await other.has(early(1))], [true, true]);
  await owner.add(early(2));

  assert.deepEqual([await owner.has(early(2)), await other.has(early(2))], [true, true]);
});

test('A line that lost its end to a power loss is no attempt, and hides none', async () => {
  const folder = await makeFolder();
  await openTombstones(systemFileSystem, folder).add(early(1));
  const [name = ''] = await readdir(folder);
  await appendFile(join(folder, name), early(2).slice(0, 30));
  const tombstones = openTombstones(systemFileSystem, folder);

  await tombstones.add(early(3));

  assert.equal(await tombstones.has(early(2)), false);
  assert.equal(await tombstones.has(early(3)), true);
});

test('What was added more than seven days ago is forgotten, and what was added since is not', async () => {
  const folder = await makeFolder();
  const tombstones = openTombstones(systemFileSystem, folder);
  await tombstones.add(early(1));
  await tombstones.add(late(1));
  const now = Date.now();
  const [oldest = ''] = (await readdir(folder)).toSorted();
  await utimes(join(folder, oldest), new Date(now - week - 5000), new Date(now - week - 5000));

  await Promise.all([tombstones.sweep(now), tombstones.add(late(2))]);

  assert.equal(await tombstones.has(early(1)), false);
  assert.equal(await tombstones.has(late(1)), true);
  assert.equal(await tombstones.has(late(2)), true);
  await tombstones.add(early(2));
  assert.equal(await openTombstones(systemFileSystem, folder).has(early(2)), true);
});

test('What was asked for lately is forgotten with the rest', async () => {
  const tombstones = openTombstones(systemFileSystem, await makeFolder());
  await tombstones.add(early(1));
  assert.equal(await tombstones.has(early(1)), true);

  await tombstones.sweep(Date.now() + week + 5000);

  assert.equal(await tombstones.has(early(1)), false);
});

test('What found no room is not known, also in a file that was asked for lately', async () => {
  let isFull = false;
  const tombstones = openTombstones(watched({ fails: () => isFull }).fs, await makeFolder());
  await tombstones.add(early(1));
  assert.equal(await tombstones.has(early(1)), true);

  isFull = true;
  await assert.rejects(tombstones.add(early(2)), { code: 'ENOSPC' });

  assert.equal(await tombstones.has(early(2)), false);
});

test('What was added less than seven days ago is kept', async () => {
  const folder = await makeFolder();
  const tombstones = openTombstones(systemFileSystem, folder);
  await tombstones.add(early(1));
  const now = Date.now();
  const [name = ''] = await readdir(folder);
  await utimes(join(folder, name), new Date(now - week + 60_000), new Date(now - week + 60_000));

  await tombstones.sweep(now);

  assert.equal(await openTombstones(systemFileSystem, folder).has(early(1)), true);
});

test('The name of a file that was forgotten is flushed again when it is made anew', async () => {
  const folder = await makeFolder();
  const { fs, flushes } = watched();
  const tombstones = openTombstones(fs, folder);
  await tombstones.add(early(1));
  await tombstones.sweep(Date.now() + week + 5000);
  flushes.length = 0;

  await tombstones.add(early(2));

  assert.deepEqual(flushes.toSorted(), ['file', 'folder']);
});
