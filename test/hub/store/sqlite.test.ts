import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { migrate } from '../../../hub/store/sqlite/migrate.ts';
import { migrations } from '../../../hub/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import { unfinishedRestore } from '../../../hub/store/sqlite/unfinished-restore.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { account, createScene } from '../../contract/store/scene.ts';
import { testStore } from '../../contract/store-contract.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startChild } from './sqlite/child.ts';

checkLeaks();

const folders = mkdtempSync(join(tmpdir(), 'farhand-store-'));
after(() => rmSync(folders, { recursive: true }));

function newFolder(): string {
  return join(folders, systemRandom.uuid());
}

function openStore(folder: string) {
  return openSqliteStore({ folder, logger: silentLogger, random: systemRandom });
}

/** The same database, but nothing is done behind so many statements. */
function killedBehind(database: DatabaseSync, calls: number): DatabaseSync {
  let left = calls;
  return new Proxy(database, {
    get(target, name) {
      if (name === 'isTransaction') return false;
      if (name !== 'exec') return Reflect.get(target, name, target).bind(target);
      return (sql: string) => {
        target.exec(sql);
        left -= 1;
        if (left === 0) throw new Error('killed');
      };
    },
  });
}

testStore('SQLite', () => openStore(newFolder()));

describe('SQLite', () => {
  test('keeps the end of each start, and has another past than a copy that was started too', async () => {
    const folder = newFolder();
    const first = await openStore(folder);
    await createScene(first).submit();
    const over = first.commits();
    await first[Symbol.asyncDispose]();
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true });

    await using second = await openStore(folder);
    await using other = await openStore(copy);
    await createScene(second).submit();

    assert.deepEqual(await second.queries.start(first.startId), { overAt: over });
    assert.deepEqual(await other.queries.start(first.startId), { overAt: over });
    assert.deepEqual(await second.queries.start(second.startId), { overAt: null });
    assert.equal(await other.queries.start(second.startId), null);
  });

  test('forgets a start in whose time nothing was committed: nobody was told of it', async () => {
    const folder = newFolder();
    const first = await openStore(folder);
    await createScene(first).submit();
    await first[Symbol.asyncDispose]();
    const idle = await openStore(folder);
    await idle[Symbol.asyncDispose]();

    await using store = await openStore(folder);

    assert.equal(await store.queries.start(idle.startId), null);
    assert.deepEqual(await store.queries.start(first.startId), { overAt: store.commits() });
  });

  test('keeps everything through a restart, with the id and the count of commits', async () => {
    const folder = newFolder();
    const first = await openStore(folder);
    const job = await createScene(first).submit({ labels: { a: 'b' } });
    const commits = first.commits();
    await first[Symbol.asyncDispose]();

    await using second = await openStore(folder);

    assert.deepEqual([second.storeId, second.commits()], [first.storeId, commits]);
    assert.deepEqual(await second.queries.job(account, job.id), job);
  });

  test('keeps all that was acknowledged through kill -9, again and again', async () => {
    const folder = newFolder();
    const acknowledged: string[] = [];
    let commits = 0;

    for (const _ of [1, 2, 3]) {
      await using child = startChild('store-writer.ts', folder);
      await child.lines(200);
      for (const line of await child.kill()) {
        const [id = '', count] = line.split(' ');
        if (id !== 'ready') acknowledged.push(id);
        assert.ok(Number(count) >= commits, 'the count of commits never goes back');
        commits = Number(count);
      }
    }

    await using store = await openStore(folder);
    for (const id of acknowledged) assert.equal((await store.queries.job(account, id))?.state, 'queued');
    assert.ok(acknowledged.length >= 500);
    assert.ok(store.commits() >= commits);
  });

  test('belongs to one process, and to the next as soon as that one is gone', async () => {
    const folder = newFolder();
    await using child = startChild('store-writer.ts', folder);
    await child.lines(5);

    await assert.rejects(openStore(folder), (error: Error & { code?: string }) => {
      assert.equal(error.name, 'StoreError');
      assert.equal(error.code, 'locked');
      assert.match(error.message, new RegExp(RegExp.escape(folder)));
      assert.match(error.message, /stop that one/);
      return true;
    });
    await child.kill();
    await using store = await openStore(folder);

    assert.equal(await store.queries.isEmpty(), false);
  });

  test('belongs to one store in the same process too', async () => {
    const folder = newFolder();
    const first = await openStore(folder);

    await assert.rejects(openStore(folder), { code: 'locked' });
    await first[Symbol.asyncDispose]();
    const second = await openStore(folder);
    await second[Symbol.asyncDispose]();
  });

  test('a migration that was killed half-way begins anew', async () => {
    const folder = newFolder();
    await using child = startChild('half-migration.ts', folder);
    await child.lines(1);
    await child.kill();

    await using store = await openStore(folder);

    assert.equal((await createScene(store).submit()).state, 'queued');
  });

  test('a step of a migration that fails leaves nothing behind, and the steps before it stand', () => {
    using database = new DatabaseSync(':memory:');
    const steps = [
      ...migrations,
      { name: 'good', sql: 'create table good (id integer)' },
      { name: 'bad', sql: 'create table half (id integer); create nonsense' },
    ];

    assert.throws(() => migrate(database, steps));

    const tables = database.prepare("select name from sqlite_schema where name in ('good', 'half')").all();
    assert.deepEqual(
      tables.map(({ name }) => name),
      ['good'],
    );
    assert.equal(database.prepare('pragma user_version').get()?.['user_version'], migrations.length + 1);
    assert.equal(database.isTransaction, false);
  });

  test('a migration that is killed behind any of its calls takes no step twice', () => {
    const steps = [
      { name: 'one', sql: 'create table one (id integer)' },
      { name: 'two', sql: 'create table two (id integer)' },
    ];
    for (let calls = 1; calls < 4 * steps.length; calls += 1) {
      using database = new DatabaseSync(':memory:');
      assert.throws(() => migrate(killedBehind(database, calls), steps), /killed/);
      // What the kernel's end of the process does.
      if (database.isTransaction) database.exec('rollback');

      migrate(database, steps);

      assert.equal(database.prepare('pragma user_version').get()?.['user_version'], steps.length);
    }
  });

  test('a store that is as it should be is copied nowhere when it is opened', async () => {
    const folder = newFolder();
    await (await openStore(folder))[Symbol.asyncDispose]();

    await using _store = await openStore(folder);

    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('schema')),
      [],
    );
  });

  test('a folder that holds a part of a restored backup is refused', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, unfinishedRestore), '');

    await assert.rejects(openStore(folder), { name: 'StoreError', code: 'broken', message: /farhand restore/ });
  });

  test('gives the room of its file back to the disk at once', async () => {
    const folder = newFolder();
    await using store = await openStore(folder);
    const scene = createScene(store);
    for (let count = 0; count < 10; count += 1) {
      const { tried } = await scene.start({ parameters: { text: 'x'.repeat(100_000) } });
      await scene.end(tried, 'succeeded');
    }
    await scene.apply('remove-jobs', {
      account,
      endedBefore: Number.MAX_SAFE_INTEGER,
      settledBefore: Number.MAX_SAFE_INTEGER,
    });

    while (store.usage().freeBytes > 0) store.reclaim(1_000_000);

    assert.equal(statSync(join(folder, 'hub.sqlite')).size, store.usage().bytes);
  });

  test('a store from before is kept whole in a copy, for the way back, and brought up to date', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    const path = join(folder, 'hub.sqlite');
    {
      using database = new DatabaseSync(path);
      migrate(database, migrations.slice(0, 2));
      database.exec(`insert into meta values (1, 'before', 7);
        insert into attempts (id, job_id, account, agent_id, agent_name, automation, ordinal, lease_epoch, offered_at, version, state,
          desired, spec_version, ended_at, log)
        values ('t1', 'j1', 'default', 'a', 'a', 'greet', 1, 1, 1, 1, 'ended', 'run', 1, 5, '{"bytes":12}'),
          ('t2', 'j2', 'default', 'a', 'a', 'greet', 1, 1, 1, 1, 'ended', 'run', 1, 6, '{"bytes":0}')`);
    }

    await using store = await openStore(folder);

    assert.equal(store.storeId, 'before');
    assert.deepEqual(await store.queries.loggedAttempts(null, 10), [{ endedAt: 5, id: 't1', bytes: 12 }]);
    assert.equal((await store.queries.account('default')).logBytes, 12);
    assert.equal((await store.queries.attempt('t1'))?.log?.removedAt, null);
    const copy = `${path}.schema-2`;
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    using before = new DatabaseSync(copy, { readOnly: true });
    assert.deepEqual(
      { ...before.prepare('select store_id, commits from meta').get() },
      { store_id: 'before', commits: 7 },
    );
    assert.equal(before.prepare('pragma user_version').get()?.['user_version'], 2);
    assert.throws(() => migrate(before, migrations.slice(0, 1)), { code: 'newer-version' });
  });

  test('a store that a newer farhand has changed is refused, and left as it is', async () => {
    const folder = newFolder();
    await (await openStore(folder))[Symbol.asyncDispose]();
    const path = join(folder, 'hub.sqlite');
    {
      using database = new DatabaseSync(path);
      database.exec(`pragma user_version = ${migrations.length + 1}`);
    }

    await assert.rejects(openStore(folder), { name: 'StoreError', code: 'newer-version' });
    await assert.rejects(openStore(folder), { code: 'newer-version' });
  });

  test('what is no store at all is refused', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'hub.sqlite'), { recursive: true });

    await assert.rejects(openStore(folder), { name: 'StoreError', code: 'broken' });
  });

  test('is readable by its owner alone', async () => {
    const folder = newFolder();
    await using _store = await openStore(folder);

    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'hub.sqlite')).mode & 0o777, 0o600);
  });

  test('on a full disk refuses what it cannot keep, and goes on when there is room', async (t) => {
    const folder = newFolder();
    mkdirSync(folder);
    if (spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]).status !== 0) {
      t.skip('no file system can be mounted here');
      return;
    }
    try {
      await using store = await openStore(folder);
      const scene = createScene(store);
      const kept = [];
      let refusal: unknown;
      while (refusal === undefined) {
        try {
          kept.push(await scene.submit({ parameters: { text: 'x'.repeat(50_000) } }));
        } catch (error) {
          refusal = error;
        }
      }
      const commits = store.commits();

      await assert.rejects(scene.submit({ parameters: { text: 'x'.repeat(500_000) } }), { code: 'full' });
      const answered = await Promise.all(kept.map(({ id }) => store.queries.job(account, id)));
      const roomier = spawnSync('/bin/mount', ['-o', 'remount,size=20m', folder]);
      const later = await scene.submit({ parameters: { text: 'x'.repeat(500_000) } });

      assert.ok(refusal instanceof Error && 'code' in refusal);
      assert.equal(refusal.code, 'full');
      assert.deepEqual(answered, kept);
      assert.equal(roomier.status, 0);
      assert.equal(later.state, 'queued');
      assert.equal(store.commits(), commits + 1);
    } finally {
      spawnSync('/bin/umount', [folder]);
    }
  });
});
