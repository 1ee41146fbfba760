import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openDatabase } from '../../../../hub/store/sqlite/open-database.ts';
import { createWriteAheadLogWatch } from '../../../../hub/store/sqlite/write-ahead-log.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { checkLeaks } from '../../../support/leak-check.ts';

checkLeaks();

test('a write-ahead log that a reader made grow is cut once the reader is gone, and nothing waits for that', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-wal-'));
  const path = join(folder, 'hub.sqlite');
  using database = openDatabase(path);
  database.exec('create table t (x)');
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
  const log = `${path}-wal`;
  const watch = createWriteAheadLogWatch({ database, path: log, logger, commitsBetweenLooks: 1, maxBytes: 100_000 });
  const write = () => {
    for (let index = 0; index < 20; index++) {
      database.prepare('insert into t values (?)').run('x'.repeat(10_000));
      watch.committed();
    }
  };

  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('begin');
  reader.prepare('select * from t').all();
  write();
  const grown = statSync(log).size;
  reader.close();
  write();
  const cut = statSync(log).size;
  const { timeout } = database.prepare('pragma busy_timeout').get() ?? {};

  assert.ok(grown > 200_000, `grew to ${grown}`);
  assert.ok(cut < 110_000, `cut to ${cut}`);
  assert.equal(timeout, 5_000, 'whoever waits for a lock waits as long as before');
  assert.match(warnings[0] ?? '', /keeps reading/);
  rmSync(folder, { recursive: true });
});
