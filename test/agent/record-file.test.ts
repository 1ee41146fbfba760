import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import { recordFile } from '../../agent/record-file.ts';
import { systemFileSystem as disk, type FileSystem } from '../../runtime/file-system.ts';

const root = await mkdtemp(join(tmpdir(), 'farhand-record-'));
after(() => rm(root, { recursive: true }));

/** The disk, with what was written to and flushed. */
function watched(): { readonly fs: FileSystem; readonly calls: string[] } {
  const calls: string[] = [];
  const fs: FileSystem = {
    ...disk,
    async open(...args) {
      const handle = await disk.open(...args);
      return {
        ...handle,
        async write(bytes) {
          calls.push('write');
          await handle.write(bytes);
        },
        async sync() {
          calls.push('sync');
          await handle.sync();
        },
      };
    },
    async syncFolder(path) {
      calls.push('syncFolder');
      await disk.syncFolder(path);
    },
  };
  return { fs, calls };
}

const Note = z.object({ text: z.string() });

test('A record that was put is flushed where it is, without being written again', async () => {
  const { fs, calls } = watched();
  const file = recordFile(fs, join(root, 'put.json'), Note, 'torn');
  await file.put({ text: 'one' });
  assert.deepEqual(calls, ['write']);
  calls.length = 0;

  await file.flush({ text: 'one' });

  assert.deepEqual(calls.toSorted(), ['sync', 'syncFolder']);
});

test('A record that somebody deleted or changed before its flush is written again', async () => {
  const path = join(root, 'changed.json');
  const file = recordFile(disk, path, Note, 'torn');

  await file.put({ text: 'one' });
  await rm(path);
  await file.flush({ text: 'one' });
  assert.deepEqual(await file.read(), { text: 'one' });

  await writeFile(path, '{"text":"another"}');
  await file.flush({ text: 'one' });
  assert.deepEqual(await file.read(), { text: 'one' });
});

test('A record that an earlier process left is flushed before it is believed', async () => {
  const { fs, calls } = watched();
  const path = join(root, 'left.json');
  await writeFile(path, '{"text":"one"}');

  assert.deepEqual(await recordFile(fs, path, Note, 'torn').read(), { text: 'one' });

  assert.deepEqual(calls.toSorted(), ['sync', 'syncFolder']);
});

test('A record that is torn, or is none, counts as none', async () => {
  const path = join(root, 'torn.json');
  const file = recordFile(disk, path, Note, 'torn');

  for (const content of ['', '{"text":"o', '{"other":1}', '\0\0\0']) {
    await writeFile(path, content);
    assert.equal(await file.read(), null, JSON.stringify(content));
  }
});
