import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemFileSystem as disk, type FileSystem } from '../../runtime/file-system.ts';
import { writeDurably, writeWhole } from '../../runtime/write-file.ts';

const root = await mkdtemp(join(tmpdir(), 'farhand-write-'));
after(() => rm(root, { recursive: true }));

/** The disk, with the names that were opened. */
function watched(): { readonly fs: FileSystem; readonly opened: string[] } {
  const opened: string[] = [];
  const open: FileSystem['open'] = async (path, flags, mode) => {
    opened.push(`${path.slice(root.length + 1)} ${flags}`);
    return disk.open(path, flags, mode);
  };
  return { fs: { ...disk, open }, opened };
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
