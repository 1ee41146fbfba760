import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const folders = mkdtempSync(join(tmpdir(), 'farhand-lock-'));
after(() => rmSync(folders, { recursive: true }));

describe('the owner lock of a data folder', () => {
  test('makes the folder, for its owner alone', () => {
    const folder = join(folders, 'deep', 'new');

    using _lock = takeOwnerLock(folder);

    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  test('is held by one at a time, and says which folder and what to do', () => {
    const folder = join(folders, 'one');
    const lock = takeOwnerLock(folder);

    assert.throws(
      () => takeOwnerLock(folder),
      (error: Error & { code?: string }) =>
        error.code === 'locked' && error.message.includes(folder) && error.message.includes('FARHAND_DATA'),
    );
    lock[Symbol.dispose]();
    lock[Symbol.dispose]();
    using _next = takeOwnerLock(folder);
  });

  test('cannot be taken where no folder can be', () => {
    const file = join(folders, 'file');
    writeFileSync(file, '');

    assert.throws(() => takeOwnerLock(join(file, 'data')), { name: 'OwnerLockError', code: 'unusable' });
  });

  test('says what is in the way of the folder', () => {
    const link = join(folders, 'link');
    symlinkSync(join(folders, 'not', 'mounted'), link);
    const file = join(folders, 'plain');
    writeFileSync(file, '');

    for (const folder of [link, join(link, 'data')])
      assert.throws(() => takeOwnerLock(folder), { message: /got .*link is a link that leads nowhere/ });
    assert.throws(() => takeOwnerLock(file), { message: /got .*plain is not a folder/ });
  });

  test('comes back where the system lets nobody make a folder', { skip: !existsSync('/proc/self') }, () => {
    assert.throws(() => takeOwnerLock('/proc/farhand/data'), { code: 'unusable', message: /ENOENT/ });
  });
});
