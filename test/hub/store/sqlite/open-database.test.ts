import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { migrate } from '../../../../hub/store/sqlite/migrate.ts';
import { openDatabase } from '../../../../hub/store/sqlite/open-database.ts';
import { createSqliteStore } from '../../../../hub/store/sqlite/sqlite-store.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { silentLogger } from '../../../../runtime/logger.ts';

const folder = mkdtempSync(join(tmpdir(), 'farhand-database-'));
after(() => rmSync(folder, { recursive: true }));

describe('the file of a store', () => {
  test('is opened so that a commit is on the disk when it returns, and free room can be given back', () => {
    using database = openDatabase(join(folder, 'durable.sqlite'));
    const read = (pragma: string) => database.prepare(`pragma ${pragma}`).get()?.[pragma];
    database.exec('create table some (id integer)');

    const wal = 'wal';
    const full = 2;
    const incremental = 2;
    assert.deepEqual([read('journal_mode'), read('synchronous'), read('auto_vacuum')], [wal, full, incremental]);
  });

  test('is closed before somebody else can have its folder', async () => {
    const database = openDatabase(join(folder, 'closed.sqlite'));
    migrate(database);
    database.exec("insert into meta values (1, 'store', 0)");
    const open: boolean[] = [];
    const lock = { [Symbol.dispose]: () => void open.push(database.isOpen) };
    const [path, storeId, startId] = [':memory:', 'store', 'start'];
    const store = createSqliteStore({
      database,
      path,
      storeId,
      startId,
      lock,
      clock: systemClock,
      logger: silentLogger,
    });

    await store[Symbol.asyncDispose]();

    assert.deepEqual(open, [false]);
  });

  test('holds nothing of a secret that was deleted', () => {
    const path = join(folder, 'secret.sqlite');
    const secret = 'correct-horse-battery-staple';
    {
      using database = openDatabase(path);
      database.exec('create table some (id integer primary key, secret text)');
      database.prepare('insert into some values (1, ?)').run(secret);
      database.prepare('insert into some values (2, ?)').run('other');
      database.prepare('pragma wal_checkpoint(truncate)').get();
      assert.ok(readFileSync(path).includes(secret));

      database.exec('delete from some where id = 1');
    }

    assert.ok(!readFileSync(path).includes(secret));
  });
});
