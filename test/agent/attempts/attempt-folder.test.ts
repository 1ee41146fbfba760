import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { attemptFolder, listAttempts } from '../../../agent/attempts/attempt-folder.ts';
import { systemFileSystem as disk, type FileSystem } from '../../../runtime/file-system.ts';

const root = await mkdtemp(join(tmpdir(), 'farhand-folder-'));
after(() => rm(root, { recursive: true }));

const attempt = '0190d2a6-1111-7000-8000-000000000002';

async function makeAttempts(): Promise<string> {
  const attempts = join(await mkdtemp(join(root, 'place-')), 'attempts');
  await mkdir(attempts);
  return attempts;
}

test('An intent is never there without its content: that it is there is all that a wrapper looks at', async () => {
  const attempts = await makeAttempts();
  const seen: unknown[] = [];
  const fs: FileSystem = {
    ...disk,
    async open(...args) {
      const handle = await disk.open(...args);
      const write = async (bytes: Uint8Array) => {
        await handle.write(bytes.subarray(0, 3));
        seen.push(await disk.lstat(folder.intent.path));
        await handle.write(bytes.subarray(3));
      };
      return { ...handle, write };
    },
  };
  const folder = attemptFolder(fs, attempts, attempt);
  await mkdir(folder.path);

  await folder.intent.write({ cause: 'timeout', at: '2026-01-01T00:00:00.000Z' });

  assert.deepEqual(seen, [null]);
  assert.equal((await folder.intent.read())?.cause, 'timeout');
});

test('A folder whose removal did not come to its end is found by nobody, and removed by the next who looks', async () => {
  const attempts = await makeAttempts();
  const killed: FileSystem = { ...disk, remove: () => Promise.reject(new Error('killed on the way')) };
  const folder = attemptFolder(killed, attempts, attempt);
  await mkdir(folder.path);
  await writeFile(join(folder.path, 'document.json'), '{}');

  await assert.rejects(folder.remove());

  assert.equal(await disk.lstat(folder.path), null);
  assert.deepEqual(await listAttempts(disk, attempts), []);
  assert.deepEqual(await readdir(attempts), []);
});

test('A folder is made once: one that somebody has put there is no claim', async () => {
  const attempts = await makeAttempts();
  const folder = attemptFolder(disk, attempts, attempt);
  await mkdir(folder.path);
  const claim = {
    attempt,
    folderId: '0190d2a6-1111-7000-8000-000000000003',
    job: '0190d2a6-1111-7000-8000-000000000004',
    automation: 'greet',
    digest: null,
    claimedAt: '2026-01-01T00:00:00.000Z',
    traceparent: null,
  };

  await assert.rejects(folder.make(claim), { code: 'EEXIST' });
  await rm(folder.path, { recursive: true });
  await folder.make(claim);

  assert.deepEqual(await folder.claim.read(), claim);
});
