import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { systemFileSystem as disk, type FileHandle, type FileSystem } from '../../runtime/file-system.ts';
import { writeDurably } from '../../runtime/write-file.ts';
import { checkLeaks } from '../support/leak-check.ts';

const root = await mkdtemp(join(tmpdir(), 'farhand-files-'));
after(() => rm(root, { recursive: true }));

let count = 0;
async function createFolder(): Promise<string> {
  count += 1;
  const folder = join(root, String(count));
  await disk.mkdir(folder);
  return folder;
}

async function readText(path: string): Promise<string> {
  return Buffer.from(await disk.readFile(path)).toString();
}

/** The disk, with a record of what was done in which order, and a failure in one place. */
function createWatchedDisk(failure: { readonly call: string } | null): {
  readonly fs: FileSystem;
  readonly calls: string[];
} {
  const calls: string[] = [];
  const note = (call: string) => {
    calls.push(call);
    if (failure?.call === call) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  };
  const wrap = (handle: FileHandle): FileHandle => ({
    ...handle,
    write: async (bytes, position) => {
      note('write');
      await handle.write(bytes, position);
    },
    sync: async () => {
      note('sync');
      await handle.sync();
    },
  });
  const fs: FileSystem = {
    ...disk,
    open: async (path, flags, mode) => wrap(await disk.open(path, flags, mode)),
    rename: async (from, to) => {
      note('rename');
      await disk.rename(from, to);
    },
    syncFolder: async (path) => {
      note('syncFolder');
      await disk.syncFolder(path);
    },
  };
  return { fs, calls };
}

describe('the disk', () => {
  checkLeaks();

  it('gives a file and a folder the mode that is asked for, whatever the umask is, and follows no link', async () => {
    const folder = await createFolder();
    await writeDurably(disk, join(folder, 'file'), '');
    await symlink(join(folder, 'file'), join(folder, 'link'));

    await disk.chmod(folder, 0o3770);
    await disk.chmod(join(folder, 'file'), 0o666);

    assert.equal((await stat(folder)).mode & 0o7777, 0o3770);
    assert.equal((await stat(join(folder, 'file'))).mode & 0o7777, 0o666);
    await assert.rejects(disk.chmod(join(folder, 'link'), 0o600), { code: 'ELOOP' });
  });

  it('reads and writes at positions, little and much', async () => {
    const folder = await createFolder();
    const much = Buffer.alloc(1_000_000, 'abc');

    await using handle = await disk.open(join(folder, 'file'), 'wx');
    await handle.write(much);
    await handle.write(Buffer.from('XY'), 999_999);
    await handle.sync();

    const buffer = Buffer.alloc(1_000_010);
    assert.equal(await disk.open(join(folder, 'file'), 'r').then((reader) => readAndClose(reader, buffer)), 1_000_001);
    assert.equal(buffer.toString('latin1', 0, 1_000_001), `${much.toString('latin1', 0, 999_999)}XY`);
    await handle.truncate(2);
    assert.equal(await handle.size(), 2);
  });

  it('rejects with the code of the system', async () => {
    const folder = await createFolder();
    const path = join(folder, 'file');
    await writeDurably(disk, path, 'here');
    await writeDurably(disk, join(folder, 'other'), 'there');

    await assert.rejects(disk.open(path, 'wx'), { code: 'EEXIST' });
    await assert.rejects(disk.open(join(folder, 'none'), 'r'), { code: 'ENOENT' });
    await assert.rejects(disk.link(join(folder, 'other'), path), { code: 'EEXIST' });
    await assert.rejects(disk.unlink(join(folder, 'none')), { code: 'ENOENT' });
    assert.equal(await disk.lstat(join(folder, 'none')), null);
    await disk.remove(join(folder, 'none'));
  });

  it('refuses everything on a closed file, and waits with closing for what is in flight', async () => {
    const handle = await disk.open(join(await createFolder(), 'file'), 'wx');

    const flushing = handle.sync();
    await handle.close();
    await handle.close();

    await flushing;
    await assert.rejects(handle.size(), { code: 'EBADF' });
    await assert.rejects(handle.write(Buffer.from('late')), { code: 'EBADF' });
  });
});

describe('writing durably', () => {
  checkLeaks();

  it('leaves one private file, whole and under its name', async () => {
    const folder = await createFolder();
    const path = join(folder, 'claim.json');

    await writeDurably(disk, path, '{"a":"ü"}');

    assert.equal(await readText(path), '{"a":"ü"}');
    assert.deepEqual(await disk.readdir(folder), ['claim.json']);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('flushes a new file and its name after both are there', async () => {
    const { fs, calls } = createWatchedDisk(null);

    await writeDurably(fs, join(await createFolder(), 'new'), 'text');

    assert.deepEqual(calls, ['write', 'rename', 'sync', 'syncFolder']);
  });

  it('flushes what replaces another file before it takes its name', async () => {
    const { fs, calls } = createWatchedDisk(null);
    const path = join(await createFolder(), 'old');
    await writeDurably(disk, path, 'old');

    await writeDurably(fs, path, 'new');

    assert.deepEqual(calls, ['write', 'sync', 'rename', 'sync', 'syncFolder']);
    assert.equal(await readText(path), 'new');
  });

  for (const call of ['write', 'sync', 'rename']) {
    it(`leaves what was there when the ${call} fails`, async () => {
      const { fs } = createWatchedDisk({ call });
      const folder = await createFolder();
      const path = join(folder, 'old');
      await writeDurably(disk, path, 'old');

      await assert.rejects(writeDurably(fs, path, 'new'), { code: 'ENOSPC' });

      assert.equal(await readText(path), 'old');
      assert.deepEqual(await disk.readdir(folder), ['old']);
    });
  }
});

async function readAndClose(handle: FileHandle, buffer: Uint8Array): Promise<number> {
  const read = await handle.read(buffer, 0);
  await handle.close();
  return read;
}
