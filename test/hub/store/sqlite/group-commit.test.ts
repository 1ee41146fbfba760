import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { createGroupCommit } from '../../../../hub/store/sqlite/group-commit.ts';
import { migrate } from '../../../../hub/store/sqlite/migrate.ts';
import { createProgramDriver } from '../../../../hub/store/sqlite/program-driver.ts';
import { createSqliteStore } from '../../../../hub/store/sqlite/sqlite-store.ts';
import type { Change } from '../../../../hub/store/store.ts';
import { writeAudit } from '../../../../hub/store/write-audit.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createScene } from '../../../contract/store/scene.ts';
import { checkLeaks } from '../../../support/leak-check.ts';

checkLeaks();

function openMemory(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  database.exec("insert into meta values (1, 'store', 0)");
  return database;
}

function toStore(database: DatabaseSync) {
  return createSqliteStore({
    database,
    path: ':memory:',
    storeId: 'store',
    startId: 'start',
    lock: { [Symbol.dispose]: () => {} },
    clock: systemClock,
    logger: silentLogger,
  });
}

function toDiskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 1034 });
}

function toGroup(database: DatabaseSync) {
  return { database, drive: createProgramDriver(database), clock: systemClock, logger: silentLogger };
}

/** A command that asks and writes nothing. */
// oxlint-disable-next-line require-yield
function* nothing() {
  return 1;
}

/** The same database, but `commit` fails like a disk that went away. */
function withFailingCommit(database: DatabaseSync): DatabaseSync {
  const failing = {
    run() {
      throw toDiskError();
    },
  };
  return new Proxy(database, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => (sql === 'commit' ? failing : target.prepare(sql));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('group commit', () => {
  test('commands of one turn share one commit', async () => {
    await using store = toStore(openMemory());
    const scene = createScene(store);

    await Promise.all(Array.from({ length: 100 }, () => scene.submit()));

    assert.equal(store.commits(), 1);
  });

  test('more than fit into one commit are answered all the same', async () => {
    await using store = toStore(openMemory());
    const scene = createScene(store);

    const jobs = await Promise.all(Array.from({ length: 600 }, () => scene.submit()));

    assert.equal(new Set(jobs.map(({ id }) => id)).size, 600);
    assert.equal(store.commits(), 3);
  });

  test('it is closed when all that it took is answered, also what is more than fits into one commit', async () => {
    using database = openMemory();
    const group = createGroupCommit({ ...toGroup(database), onCommit: () => {} });
    let answered = 0;
    for (let count = 0; count < 600; count += 1) void group.apply(nothing).then(() => (answered += 1));

    await group.close();

    assert.equal(answered, 600);
  });

  test('a disk that fails one command refuses all of the turn, and takes what comes later', async () => {
    using database = openMemory();
    const group = createGroupCommit({ ...toGroup(database), onCommit: () => {} });
    // oxlint-disable-next-line require-yield
    const unreadable = function* () {
      throw toDiskError();
    };

    const outcomes = await Promise.allSettled([group.apply(nothing), group.apply(unreadable)]);
    const later = await group.apply(nothing);
    await group.close();

    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
      ['broken', 'broken'],
    );
    assert.equal(later, 1);
  });

  test('a database without room refuses all of the turn, changes nothing, and goes on when there is room', async () => {
    const database = openMemory();
    await using store = toStore(database);
    const scene = createScene(store);
    const pages = Number(database.prepare('pragma page_count').get()?.['page_count']);
    database.exec(`pragma max_page_count = ${pages + 2}`);
    const small = { parameters: {} };
    const large = { parameters: { text: 'x'.repeat(100_000) } };

    const refused = await Promise.allSettled([scene.submit(small), scene.submit(large), scene.submit(small)]);
    database.exec('pragma max_page_count = 100000');
    const empty = await store.queries.isEmpty();
    await scene.submit(large);

    for (const outcome of refused) {
      assert.ok(outcome.status === 'rejected');
      assert.deepEqual([outcome.reason.name, outcome.reason.code], ['StoreError', 'full']);
    }
    assert.equal(empty, true);
    assert.equal(store.commits(), 1);
  });

  test('a turn in which anything was written is counted and told of, also beside commands that write nothing', async () => {
    await using store = toStore(openMemory());
    const told: string[] = [];
    using _ = store.subscribe((changes) => told.push(...changes.map(({ type }) => type)));
    const scene = createScene(store);
    const nothing = () => scene.apply('expire-jobs', {});

    await Promise.all([nothing(), scene.submit(), nothing()]);

    assert.equal(store.commits(), 1);
    assert.ok(told.includes('job'), told.join(', '));
  });

  test('a command that fails half-way leaves nothing, and those beside it stand', async () => {
    using database = openMemory();
    const told: Change[] = [];
    const group = createGroupCommit({ ...toGroup(database), onCommit: (_, changes) => told.push(...changes) });
    const event = { at: 0, account: 'a', actor: 'hub', object: 'job:1', data: {} };
    const write = (action: string) => () => writeAudit({ ...event, action });
    const half = function* () {
      yield* writeAudit({ ...event, action: 'half' });
      throw new Error('the rest does not work');
    };

    const outcomes = await Promise.allSettled([
      group.apply(write('one')),
      group.apply(half),
      group.apply(write('two')),
    ]);
    await group.close();

    const written = database.prepare('select action from audit order by sequence').all();
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      written.map(({ action }) => action),
      ['one', 'two'],
    );
    assert.equal(told.length, 2);
  });

  test('a disk that fails during a commit stops everything until the store is opened again', async () => {
    using database = openMemory();
    let commits = 0;
    const group = createGroupCommit({
      ...toGroup(database),
      database: withFailingCommit(database),
      onCommit: () => commits++,
    });

    const first = group.apply(nothing);
    const sameTurn = group.apply(nothing);

    await assert.rejects(first, { name: 'StoreError', code: 'broken' });
    await assert.rejects(sameTurn, { code: 'broken' });
    await assert.rejects(group.apply(nothing), { code: 'broken', message: /opened again/ });
    assert.equal(group.isOpen(), false);
    await group.close();
    assert.equal(commits, 0);
    assert.equal(database.isTransaction, false);
  });
});
