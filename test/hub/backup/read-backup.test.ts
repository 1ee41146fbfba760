import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ArchiveWriter } from '../../../hub/backup/archive-writer.ts';
import { type BackupManifest, backupFiles, backupFormat } from '../../../hub/backup/backup-files.ts';
import { readBackup } from '../../../hub/backup/read-backup.ts';

const { signal } = new AbortController();
const log = '0a/11111111-1111-4111-8111-111111111111.log';

/** An archive that says of itself that it is a backup, with these files; answers the names that its reader was given. */
async function readNames(files: readonly string[], change: Partial<BackupManifest> = {}): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-read-backup-'));
  try {
    const path = join(folder, 'backup.tar');
    await using handle = await open(path, 'wx');
    const writer = new ArchiveWriter(handle, 0);
    const add = (name: string, text: string) => writer.add({ name, bytes: text.length }, [Buffer.from(text)]);
    const manifest: BackupManifest = {
      format: backupFormat,
      version: '0.0.0',
      schema: 1,
      madeAt: '2026-01-01T00:00:00.000Z',
      storeId: 's',
      commits: 1,
      hasSecretKey: false,
      ...change,
    };
    await add(backupFiles.manifest, JSON.stringify(manifest));
    for (const name of files) await add(name, 'text');
    const seal = { ...writer.seal(), logs: files.length, logBytes: 0, removedLogs: [] };
    await add(backupFiles.seal, JSON.stringify(seal));
    await writer.finish();
    const names: string[] = [];
    await readBackup(
      path,
      {
        store: async () => void names.push('the store'),
        secretKey: async () => void names.push('the key'),
        log: async (name) => void names.push(name),
      },
      signal,
    );
    return names;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('reading a backup', () => {
  it('gives each of its parts away', async () => {
    const names = await readNames([backupFiles.store, backupFiles.secretKey, `${backupFiles.logs}${log}`]);

    assert.deepEqual(names, ['the store', 'the key', log]);
  });

  it('gives nothing away that could have a place elsewhere', async () => {
    for (const name of ['../../evil.log', `../${log}`, `/etc/${log}`, `${log}/x`, log.replace('.log', '.sh')]) {
      await assert.rejects(readNames([`${backupFiles.logs}${name}`]), { code: 'not-a-backup' }, name);
    }
    await assert.rejects(readNames(['farhand-backup/elsewhere']), { code: 'not-a-backup' });
  });

  it('refuses what a newer farhand made', async () => {
    await assert.rejects(readNames([], { format: backupFormat + 1 }), { code: 'newer-version' });
    await assert.rejects(readNames([], { schema: 9_999 }), { code: 'newer-version' });
  });
});
