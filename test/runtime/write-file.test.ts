import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemFileSystem as disk, type FileSystem } from '../../runtime/file-system.ts';
import { writeDurably, writeWhole } from '../../runtime/write-file.ts';

const root = await mkdtemp(join(tmpdir(), 'farhand-write-'));
after(() => rm(root, { recursive: true }));

/** The disk, with the names that were opened, and what was done that a power loss has a say in. */
function watched(): { readonly fs: FileSystem; readonly opened: string[]; readonly steps: string[] } {
  const opened: string[] = [];
  const steps: string[] = [];
  const fs: FileSystem = {
    ...disk,
    async open(path, flags, mode) {
      opened.push(`${path.slice(root.length + 1)} ${flags}`);
      const handle = await disk.open(path, flags, mode);
      const sync = async () => {
        await handle.sync();
        steps.push('flush');
      };
      return { ...handle, sync };
    },
    async rename(from, to) {
      steps.push('rename');
      await disk.rename(from, to);
    },
    async syncFolder(path) {
      await disk.syncFolder(path);
      steps.push(`flush names of ${path === root ? 'its folder' : path}`);
    },
  };
  return { fs, opened, steps };
}

test('A first write that may be torn takes its own name at once, and any later one takes the place of the whole file', async () => {
  const { fs, opened } = watched();
  const path = join(root, 'a');

  await writeDurably(fs, path, 'one', 'torn');
  assert.deepEqual(opened, ['a wx']);
  assert.equal(await readFile(path, 'utf8'), 'one');

  opened.length = 0;
  await writeDurably(fs, path, 'two', 'torn');
  assert.deepEqual(opened, ['a wx', 'a.part w']);
  assert.equal(await readFile(path, 'utf8'), 'two');
});

test('A first write never goes through a link that somebody put in its place', async () => {
  const other = join(root, 'other');
  await writeFile(other, 'precious');
  const path = join(root, 'b');
  await symlink(other, path);

  await writeWhole(disk, path, 'ours', 'torn');

  assert.equal(await readFile(other, 'utf8'), 'precious');
  assert.equal(await readFile(path, 'utf8'), 'ours');
});

test('Nothing is left of a first write that found no room', async () => {
  const path = join(root, 'c');
  const fs: FileSystem = {
    ...disk,
    async open(...args) {
      const handle = await disk.open(...args);
      const write = async (bytes: Uint8Array) => {
        await handle.write(bytes.subarray(0, 2));
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      };
      return { ...handle, write };
    },
  };

  await assert.rejects(writeDurably(fs, path, 'text', 'torn'), { code: 'ENOSPC' });

  assert.equal(await disk.lstat(path), null);
});

for (const first of ['torn', 'whole'] as const) {
  test(`A file that may be ${first} at first is on the disk with its name when it was written durably`, async () => {
    const { fs, steps } = watched();
    const path = join(root, `durable-${first}`);

    await writeDurably(fs, path, 'one', first);

    const flushes = steps.filter((step) => step !== 'rename');
    assert.deepEqual(flushes.toSorted(), ['flush', 'flush names of its folder']);
  });

  test(`A file that was ${first} at first is replaced only by one that is on the disk`, async () => {
    const { fs, steps } = watched();
    const path = join(root, `replaced-${first}`);
    await writeDurably(fs, path, 'one', first);
    steps.length = 0;

    await writeDurably(fs, path, 'two', first);

    assert.deepEqual(steps.slice(0, 2), ['flush', 'rename']);
    assert.ok(steps.slice(2).includes('flush names of its folder'), steps.join(', '));
  });
}

test('A file of which a part would be believed is never there without its end', async () => {
  const path = join(root, 'believed');
  const seen: unknown[] = [];
  const fs: FileSystem = {
    ...disk,
    async open(...args) {
      const handle = await disk.open(...args);
      const write = async (bytes: Uint8Array) => {
        await handle.write(bytes.subarray(0, 2));
        seen.push(await disk.lstat(path));
        await handle.write(bytes.subarray(2));
      };
      return { ...handle, write };
    },
  };

  await writeDurably(fs, path, 'text', 'whole');

  assert.deepEqual(seen, [null]);
  assert.equal(await readFile(path, 'utf8'), 'text');
});
