import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { makeRoomForExit, readExitRecord } from '../../../agent/executors/process/exit-record.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-exit-'));
const path = join(folder, 'exit');
after(() => rm(folder, { recursive: true }));

describe('the record of how a command ended', () => {
  beforeEach(() => rm(path, { force: true }));

  for (const [content, expected] of [
    ['0\n', { status: 0, marked: false }],
    ['255 i\n   ', { status: 255, marked: true }],
    ['143', null],
    ['143 i', null],
    ['256\n', null],
    ['999 i\n', null],
    ['1\n0\n', null],
    ['-1\n', null],
    ['', null],
  ] as const) {
    it(`says ${expected === null ? 'nothing' : JSON.stringify(expected)} where it holds ${JSON.stringify(content)}`, async () => {
      await writeFile(path, content);

      const end = await readExitRecord(systemFileSystem, folder);

      const said = end?.type === 'exit' ? { status: end.status, marked: end.marked } : end;
      assert.deepEqual(said, expected);
    });
  }

  it('stays when room is made for it once more', async () => {
    await makeRoomForExit(systemFileSystem, folder);
    assert.equal(await readExitRecord(systemFileSystem, folder), null);
    await writeFile(path, '7\n');

    await makeRoomForExit(systemFileSystem, folder);

    assert.equal(await readFile(path, 'utf8'), '7\n');
  });
});
