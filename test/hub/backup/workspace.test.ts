import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { openWorkspace } from '../../../hub/backup/workspace.ts';
import { writeArchivedFile } from '../../../hub/backup/write-archived-file.ts';
import { systemRandom } from '../../../runtime/random.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-workspaces-'));
after(() => rm(folder, { recursive: true }));

it('A place to work in goes when it is left, and takes along what killed ones left, but none that somebody works in', async () => {
  const abandoned = join(folder, '.farhand-backup-of-one-that-was-killed');
  mkdirSync(abandoned);
  writeFileSync(join(abandoned, 'hub.sqlite'), '');
  const first = await openWorkspace(folder, systemRandom);
  writeFileSync(join(first.folder, 'hub.sqlite'), '');

  const second = await openWorkspace(folder, systemRandom);

  assert.equal(existsSync(abandoned), false);
  assert.equal(existsSync(join(first.folder, 'hub.sqlite')), true);
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  assert.deepEqual(
    [first, second].map((one) => existsSync(one.folder)),
    [false, false],
  );
});

it('A file of an archive is written for its owner alone, and over nothing', async () => {
  const path = join(folder, 'secret-key');
  const content = async function* () {
    yield Buffer.from('key');
  };
  const file = { name: 'secret-key', bytes: 3, before: { bytes: 0, sha256: '' }, content };

  await writeArchivedFile(path, file);

  assert.equal(statSync(path).mode & 0o777, 0o600);
  await assert.rejects(writeArchivedFile(path, file), { code: 'EEXIST' });
});
