import assert from 'node:assert/strict';
import {
  appendFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { readArchive } from '../../../hub/backup/archive-reader.ts';
import { ArchiveWriter } from '../../../hub/backup/archive-writer.ts';
import { backupFiles } from '../../../hub/backup/backup-files.ts';
import { createBackup } from '../../../hub/backup/create-backup.ts';
import { restoreBackup } from '../../../hub/backup/restore-backup.ts';
import { verifyBackup } from '../../../hub/backup/verify-backup.ts';
import { loadSecretKey } from '../../../hub/identity/secret-key.ts';
import { createFileLogStore } from '../../../hub/logs/file-log-store.ts';
import { toLogPaths } from '../../../hub/logs/log-paths.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import { unfinishedRestore } from '../../../hub/store/sqlite/unfinished-restore.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { account, createScene, type Scene } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { watchFlushes } from '../../support/watch-flushes.ts';

checkLeaks();

const folders = mkdtempSync(join(tmpdir(), 'farhand-backups-'));
after(() => rmSync(folders, { recursive: true }));
const { signal } = new AbortController();
const parts = { clock: systemClock, random: systemRandom };
const text = 'ten bytes!';
const noProc = !existsSync('/proc/self/fd') && 'no /proc here';

async function openData() {
  const data = join(folders, systemRandom.uuid());
  const store = await openSqliteStore({ folder: data, logger: silentLogger, random: systemRandom });
  const logs = createFileLogStore({ folder: join(data, 'logs') });
  await loadSecretKey({ folder: data, random: systemRandom, logger: silentLogger });
  const scene = createScene(store);
  const agent = await scene.agent();
  return {
    data,
    target: `${data}.tar`,
    restored: `${data}-restored`,
    scene,
    pathOf: (attempt: string) => toLogPaths(join(data, 'logs'), attempt).log,
    backUp: (onProgress: (bytes: number) => void = () => {}) =>
      createBackup({ dataFolder: data, target: `${data}.tar`, withSecretKey: true, onProgress, signal, ...parts }),
    verify: () => verifyBackup({ path: `${data}.tar`, temporaryFolder: folders, random: systemRandom, signal }),
    restore: () =>
      restoreBackup({ path: `${data}.tar`, dataFolder: `${data}-restored`, cancelQueued: false, signal, ...parts }),
    async write(attempt: string) {
      await using writer = await logs.write(attempt);
      await writer.append(Buffer.from(text), 0);
      await writer.flush();
      return { bytes: text.length, sha256: await writer.digest(), complete: true, gaps: [], trailing: 0 };
    },
    async endJob() {
      const { job, tried } = await scene.start({}, agent);
      await scene.end(tried, 'succeeded', { result: { log: await this.write(tried.id) } });
      return { job, tried };
    },
    async [Symbol.asyncDispose]() {
      await logs[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function openRestored(data: string): Promise<{ readonly scene: Scene } & AsyncDisposable> {
  const store = await openSqliteStore({ folder: data, logger: silentLogger, random: systemRandom });
  return { scene: createScene(store), [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

/** What is in a data folder, the lock of its owner left aside. */
function partsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('owner.lock'))
    .toSorted();
}

/** Puts the backup together anew, sealed, with a page of its store that is not one. */
async function damageStore(target: string): Promise<void> {
  const files = new Map<string, Buffer>();
  for await (const file of readArchive(createReadStream(target))) {
    const pieces: Uint8Array[] = [];
    for await (const piece of file.content()) pieces.push(piece);
    files.set(file.name, Buffer.concat(pieces));
  }
  const store = files.get(backupFiles.store);
  assert.ok(store);
  const copy = `${target}.sqlite`;
  writeFileSync(copy, store);
  {
    using database = new DatabaseSync(copy, { readOnly: true });
    const index = database.prepare("select rootpage from sqlite_master where name = 'inventory_by_namespace'").get();
    const pageBytes = Number(database.prepare('pragma page_size').get()?.['page_size']);
    const at = (Number(index?.['rootpage']) - 1) * pageBytes;
    store.fill(0xee, at, at + pageBytes);
  }
  rmSync(target);
  await using handle = await open(target, 'wx');
  const writer = new ArchiveWriter(handle, 0);
  const seal = JSON.parse(String(files.get(backupFiles.seal)));
  files.delete(backupFiles.seal);
  for (const [name, bytes] of files) await writer.add({ name, bytes: bytes.length }, [bytes]);
  const text = Buffer.from(JSON.stringify({ ...seal, ...writer.seal() }));
  await writer.add({ name: backupFiles.seal, bytes: text.length }, [text]);
  await writer.finish();
}

describe('a backup', () => {
  it('tells of logs that retention removed while it was made, and the restored jobs say so', async () => {
    await using place = await openData();
    const ended = [await place.endJob(), await place.endJob(), await place.endJob()];
    let removed: string | null = null;
    // As retention does, between the copy of the store and that of the logs.
    const removeOne = () => {
      if (removed !== null) return;
      using database = new DatabaseSync(join(place.data, 'hub.sqlite'));
      removed = String(database.prepare('select max(id) as id from attempts').get()?.['id']);
      const log = "json_set(log, '$.removedAt', 1)";
      database.prepare(`update attempts set log = ${log}, log_bytes = null where id = ?`).run(removed);
      rmSync(place.pathOf(removed));
    };

    const made = await place.backUp(removeOne);
    const verified = await place.verify();
    await place.restore();

    assert.deepEqual([made.damagedLogs, verified.damagedLogs], [[], []]);
    assert.deepEqual([made.seal.logs, made.seal.removedLogs], [2, [ended[2]?.tried.id]]);
    await using restored = await openRestored(place.restored);
    const jobs = await Promise.all(ended.map(({ job }) => restored.scene.job(job)));
    assert.deepEqual(
      jobs.map(({ log }) => log?.removedAt === null),
      [true, true, false],
    );
  });

  it('has of a log that grows at least what the store says', async () => {
    await using place = await openData();
    const running = await place.scene.start();
    await place.write(running.tried.id);
    const path = place.pathOf(running.tried.id);

    appendFileSync(path, 'more');
    const made = await place.backUp();
    await place.restore();

    assert.deepEqual([made.seal.logs, made.seal.logBytes], [1, text.length + 4]);
    const copied = toLogPaths(join(place.restored, 'logs'), running.tried.id).log;
    assert.equal(readFileSync(copied, 'utf8'), `${text}more`);
  });

  it('has of a log that grows while it is copied what was there when its turn came', async () => {
    await using place = await openData();
    const running = await place.scene.start();
    await place.write(running.tried.id);
    const path = place.pathOf(running.tried.id);
    appendFileSync(path, Buffer.alloc(8 * 1024 * 1024, '.'));
    let isOver = false;
    const growing = (async () => {
      for (; !isOver; await new Promise(setImmediate)) appendFileSync(path, 'more');
    })();

    const made = await place.backUp();
    isOver = true;
    await growing;

    assert.ok(made.seal.logBytes >= 8 * 1024 * 1024);
    assert.deepEqual((await place.verify()).damagedLogs, []);
  });

  it('says nothing of logs that retention had removed before', async () => {
    await using place = await openData();
    const { job, tried } = await place.endJob();
    await place.scene.apply('remove-logs', { bytes: 1, endedBefore: Number.MAX_SAFE_INTEGER, after: null });
    rmSync(place.pathOf(tried.id));
    const before = (await place.scene.job(job)).log?.removedAt ?? null;

    const made = await place.backUp();
    const verified = await place.verify();
    await place.restore();

    assert.deepEqual([made.damagedLogs, verified.damagedLogs, made.seal.removedLogs], [[], [], []]);
    await using restored = await openRestored(place.restored);
    assert.notEqual(before, null);
    assert.equal((await restored.scene.job(job)).log?.removedAt, before);
  });

  it('is not made of a store that a newer farhand changed', async () => {
    await using place = await openData();
    {
      using database = new DatabaseSync(join(place.data, 'hub.sqlite'));
      database.exec('pragma user_version = 9999');
    }

    await assert.rejects(place.backUp(), { name: 'StoreError', code: 'newer-version' });
    assert.equal(existsSync(place.target), false);
  });

  it('comes to nothing once it is called off', async () => {
    await using place = await openData();
    await place.endJob();
    await place.endJob();
    const called = new AbortController();
    let copied = 0;
    const making = createBackup({
      dataFolder: place.data,
      target: place.target,
      withSecretKey: true,
      signal: called.signal,
      ...parts,
      onProgress() {
        copied += 1;
        called.abort(new Error('called off'));
      },
    });

    await assert.rejects(making, /called off/);
    assert.deepEqual([copied, existsSync(place.target)], [1, false]);
  });

  it('has its name only once it is durable, and then durably', { skip: noProc }, async () => {
    await using place = await openData();
    await place.endJob();
    using flushes = await watchFlushes();
    const isNamed: [path: string, isNamed: boolean][] = [];
    flushes.onFlushed = async (path) => void isNamed.push([basename(path), existsSync(place.target)]);

    await place.backUp();

    assert.deepEqual(isNamed, [
      ['backup.tar', false],
      [basename(folders), true],
    ]);
  });

  it('never takes the place of what came to be under its name meanwhile', async () => {
    await using place = await openData();
    await place.endJob();
    const made = place.backUp(() => writeFileSync(place.target, 'mine'));

    await assert.rejects(made, { name: 'BackupError', code: 'exists' });
    assert.equal(readFileSync(place.target, 'utf8'), 'mine');
  });

  it('is restored once all of it is durable, and no hub starts on it before', { skip: noProc }, async () => {
    await using place = await openData();
    const { tried } = await place.endJob();
    await place.backUp();
    using flushes = await watchFlushes();
    const { restored } = place;
    const { log } = toLogPaths(join(restored, 'logs'), tried.id);
    const mark = join(restored, unfinishedRestore);
    const unmarked: string[] = [];
    const beforeIsNamed: string[] = [];
    flushes.onFlushed = async (path) => {
      if (!existsSync(mark)) unmarked.push(path);
      if (!existsSync(join(restored, 'hub.sqlite'))) beforeIsNamed.push(path);
    };

    await place.restore();

    const parts = [mark, join(restored, 'restoring', 'hub.sqlite'), join(restored, 'secret-key'), log];
    const names = [dirname(log), join(restored, 'logs')];
    for (const path of [...parts, ...names]) assert.ok(beforeIsNamed.includes(path), path);
    assert.deepEqual([beforeIsNamed.indexOf(mark), beforeIsNamed.indexOf(restored)], [0, 1]);
    assert.deepEqual(flushes.paths.slice(beforeIsNamed.length), [restored, restored]);
    assert.deepEqual(unmarked, [restored]);
  });

  it('tells of logs that were damaged before it was made: shorter than the store says, or other bytes', async () => {
    await using place = await openData();
    const [short, other] = [await place.endJob(), await place.endJob(), await place.endJob()];
    writeFileSync(place.pathOf(short.tried.id), text.slice(1));
    writeFileSync(place.pathOf(other.tried.id), text.toUpperCase());

    const made = await place.backUp();
    const verified = await place.verify();

    assert.deepEqual(made.damagedLogs, [short.tried.id]);
    assert.deepEqual(verified.damagedLogs, [short.tried.id, other.tried.id]);
  });

  it('is refused for one bit that is another, where nothing else would tell', async () => {
    await using place = await openData();
    await place.endJob();
    await place.backUp();
    const archive = readFileSync(place.target);
    const at = archive.indexOf(readFileSync(join(place.data, 'secret-key')));
    assert.ok(at > 0);
    archive.writeUInt8(archive.readUInt8(at) ^ 1, at);
    writeFileSync(place.target, archive);

    await assert.rejects(place.verify(), { name: 'BackupError', code: 'not-a-backup' });
    await assert.rejects(place.restore(), { name: 'BackupError', code: 'not-a-backup' });
    assert.deepEqual(partsIn(place.restored), []);
  });

  it('is refused where a table or an index of its store is damaged', async () => {
    await using place = await openData();
    await place.endJob();
    await place.backUp();
    await damageStore(place.target);

    await assert.rejects(place.verify(), { name: 'StoreError', code: 'broken' });
    await assert.rejects(place.restore(), { name: 'StoreError', code: 'broken' });
    assert.deepEqual(partsIn(place.restored), []);
  });

  it('is restored over what another restore left that was killed', async () => {
    await using place = await openData();
    const { job } = await place.endJob();
    await place.backUp();
    for (const part of ['logs/00', 'restoring']) mkdirSync(join(place.restored, part), { recursive: true });
    for (const part of [unfinishedRestore, 'logs/00/left.log', 'restoring/hub.sqlite', 'secret-key'])
      writeFileSync(join(place.restored, part), 'left');

    await place.restore();

    assert.deepEqual(partsIn(place.restored), ['hub.sqlite', 'logs', 'secret-key']);
    assert.equal(existsSync(join(place.restored, 'logs', '00', 'left.log')), false);
    await using restored = await openRestored(place.restored);
    assert.equal((await restored.scene.job(job)).state, 'succeeded');
  });

  it('is not restored into a folder that has something of somebody in it, and leaves that as it is', async () => {
    await using place = await openData();
    await place.backUp();
    mkdirSync(place.restored);
    writeFileSync(join(place.restored, 'thesis.txt'), 'mine');

    await assert.rejects(place.restore(), { name: 'BackupError', code: 'exists' });
    const untouched = readdirSync(place.restored);
    writeFileSync(join(place.restored, unfinishedRestore), '');
    await assert.rejects(place.restore(), { name: 'BackupError', code: 'exists' });

    assert.deepEqual(untouched, ['thesis.txt']);
    assert.equal(readFileSync(join(place.restored, 'thesis.txt'), 'utf8'), 'mine');
  });

  it('restored holds what was offered for given, so that it goes to nobody else, and its agent adopts it', async () => {
    await using place = await openData();
    const agent = await place.scene.agent();
    const job = await place.scene.submit();
    const offered = await place.scene.offer(job, agent);
    const other = await place.scene.offer(await place.scene.submit(), agent);
    await place.backUp();
    const { queued, running, storeId } = await place.restore();

    await using restored = await openRestored(place.restored);
    const { scene } = restored;
    const supposed = await scene.attempt(offered);
    const withdrawn = await scene.apply('withdraw-offer', { attemptId: offered.id, why: 'timeout', message: null });
    const opened = await scene.open(offered, 'started');
    await scene.end(offered, 'succeeded');
    const declined = await scene.decline(other, 'state-lost');

    assert.deepEqual([queued, running], [0, 2]);
    assert.notEqual(storeId, place.scene.store.storeId);
    assert.equal(scene.store.storeId, storeId);
    assert.deepEqual([supposed.state, supposed.number, supposed.folderId], ['running', 1, null]);
    assert.equal(withdrawn.type, 'too-late');
    assert.ok(opened.type === 'job');
    assert.deepEqual([opened.desired, opened.document, opened.attempt.folderId], ['run', null, offered.folderId]);
    assert.equal((await scene.job(job)).state, 'succeeded');
    assert.equal(declined.type, 'applied');
    assert.equal((await scene.attempt(other)).state, 'state-lost');
    const audit = await scene.store.queries.auditOf(account, `account:${account}`, 0, 10);
    assert.deepEqual(
      audit.map(({ action }) => action),
      ['hub.restored'],
    );
  });
});
