import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { type LeftFile, readLeftFile } from '../../../agent/automations/left-file.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { checkLeaks } from '../../support/leak-check.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farhand-left-'));
});

afterEach(() => rm(folder, { recursive: true }));

checkLeaks();

async function read(over: LeftFile['over']): Promise<string | null> {
  const bytes = await readLeftFile(
    { fs: systemFileSystem, folder, owner: null, logFolder: folder },
    { name: 'left', of: 'command', called: 'the list', maxBytes: 4, over },
  );
  return bytes === null ? null : bytes.toString();
}

suite('a file that a command left', () => {
  test('is read whole up to its bound, and what is longer counts as its reader says', async () => {
    await writeFile(join(folder, 'left'), '1234');
    assert.deepEqual([await read('refuse'), await read('none'), await read('tail')], ['1234', '1234', '1234']);

    await writeFile(join(folder, 'left'), '12345');
    await assert.rejects(read('refuse'), /expected at most 4 bytes of the list, got more/);
    assert.deepEqual([await read('none'), await read('tail')], [null, '2345']);
  });

  test('is null where there is none', async () => {
    assert.equal(await read('refuse'), null);
  });

  test('is refused where it is a link, a pipe or a folder', async () => {
    const path = join(folder, 'left');
    await symlink('/etc/hostname', path);
    await assert.rejects(read('tail'), /expected a plain file at the list that can be read, got ELOOP/);
    await rm(path);
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    await assert.rejects(read('tail'), /expected a plain file at the list/);
    await rm(path);
    await mkdir(path);
    await assert.rejects(read('none'), /expected a plain file at the list/);
  });
});
