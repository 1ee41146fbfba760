import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, open, readdir, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { createFileLogStore } from '../../../hub/logs/file-log-store.ts';
import { toLogPaths } from '../../../hub/logs/log-paths.ts';
import type { LogStore } from '../../../hub/logs/log-store.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { watchFlushes } from '../../support/watch-flushes.ts';
import { describeLogStore, readAll, sha256 } from './log-contract.ts';

checkLeaks();

async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-logs-'));
  return {
    folder,
    open: async () => createFileLogStore({ folder: join(folder, 'logs') }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

describeLogStore('files', makeFolder);
describeLogStore('files, two open at a time', async () => {
  const place = await makeFolder();
  return { ...place, open: async () => createFileLogStore({ folder: join(place.folder, 'logs'), maxDescriptors: 2 }) };
});

const noProc = !existsSync('/proc/self/fd') && 'no /proc here';

/** What the system keeps on the disk because this process has it open. */
function deletedButOpen(folder: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(folder) && path.endsWith(' (deleted)') ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** Writes a log of which seven bytes are durable, and more that could not be made so: its index lies on a full disk. */
async function failFlush(logs: LogStore, folder: string) {
  const attempt = systemRandom.orderedUuid();
  const paths = toLogPaths(join(folder, 'logs'), attempt);
  const writer = await logs.write(attempt);
  await writer.append(Buffer.from('durable'), 0);
  await writer.flush();
  await writer.append(Buffer.from(' doubtful'), 500);
  await unlink(paths.times);
  await symlink('/dev/full', paths.times);
  await assert.rejects(writer.flush(), { name: 'LogError', code: 'full' });
  await writer[Symbol.asyncDispose]();
  return { attempt, paths };
}

describe('a log store of files', () => {
  it('keeps no descriptor of a log that is removed while somebody reads it', { skip: noProc }, async () => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempts = Array.from({ length: 40 }, () => systemRandom.orderedUuid());
    for (const attempt of attempts) {
      await using writer = await logs.write(attempt);
      await writer.append(Buffer.alloc(600 * 1024), 0);
      await writer.flush();
    }

    const read = async (attempt: string) => {
      while ((await readAll(logs, attempt).catch(() => '')) !== '');
    };
    const reading = attempts.flatMap((attempt) => [read(attempt), read(attempt)]);
    await Promise.all(attempts.map((attempt) => logs.remove(attempt)));
    await Promise.all(reading);

    assert.deepEqual(deletedButOpen(place.folder), []);
  });

  it('calls durable what was flushed, with the names that lead to it', { skip: noProc }, async () => {
    await using place = await makeFolder();
    const attempt = systemRandom.orderedUuid();
    const { log, folder } = toLogPaths(join(place.folder, 'logs'), attempt);
    await using logs = await place.open();
    using flushes = await watchFlushes();

    await using writer = await logs.write(attempt);
    assert.ok(flushes.paths.includes(place.folder), 'the name of the folder of all logs');
    assert.ok(flushes.paths.includes(dirname(folder)), 'the name of the folder of this log');
    await writer.append(Buffer.from('one'), 0);
    flushes.paths.length = 0;
    await writer.flush();
    assert.deepEqual(flushes.paths.toSorted(), [folder, log]);

    await writer.append(Buffer.from('two'), 0);
    flushes.paths.length = 0;
    await writer.flush();
    assert.deepEqual(flushes.paths, [log]);
  });

  it('makes a folder for more logs that a power loss leaves there', { skip: noProc }, async () => {
    await using place = await makeFolder();
    await mkdir(join(place.folder, 'logs'));
    await using logs = await place.open();
    using flushes = await watchFlushes();

    await using _writer = await logs.write(systemRandom.orderedUuid());

    assert.deepEqual(flushes.paths, [join(place.folder, 'logs')]);
  });

  it('tells the length of what a killed hub left only when that is on the disk', { skip: noProc }, async () => {
    await using place = await makeFolder();
    const attempt = systemRandom.orderedUuid();
    const { log, folder } = toLogPaths(join(place.folder, 'logs'), attempt);
    await mkdir(folder, { recursive: true });
    await writeFile(log, 'never flushed');
    await using logs = await place.open();
    using flushes = await watchFlushes();

    await using writer = await logs.write(attempt);

    assert.equal(writer.durable, 'never flushed'.length);
    assert.ok(flushes.paths.includes(log), flushes.paths.map((path) => basename(path)).join(', '));
  });

  it('flushes what was written to a log before its descriptor makes room for another', { skip: noProc }, async () => {
    await using place = await makeFolder();
    await using logs = createFileLogStore({ folder: join(place.folder, 'logs'), maxDescriptors: 1 });
    const [first, second] = [systemRandom.orderedUuid(), systemRandom.orderedUuid()];
    await using one = await logs.write(first);
    await using two = await logs.write(second);
    using flushes = await watchFlushes();

    await one.append(Buffer.from('one'), 0);
    await two.append(Buffer.from('two'), 0);

    assert.ok(flushes.paths.includes(toLogPaths(join(place.folder, 'logs'), first).log));
  });

  it('calls nothing durable that was written while the flush was on its way', { skip: noProc }, async () => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempt = systemRandom.orderedUuid();
    await using writer = await logs.write(attempt);
    await writer.append(Buffer.from('one'), 0);
    using flushes = await watchFlushes();
    flushes.onFlushed = async (path) => {
      if (!path.endsWith('.log')) return;
      flushes.onFlushed = async () => {};
      await writer.append(Buffer.from('behind it'), 0);
    };

    const durable = await writer.flush();

    assert.deepEqual([durable, writer.durable, writer.length], [3, 3, 12]);
    assert.equal(await writer.flush(), 12);
  });

  it('writes nothing behind a piece that could not be written', async (t) => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempt = systemRandom.orderedUuid();
    await using writer = await logs.write(attempt);
    const { log } = toLogPaths(join(place.folder, 'logs'), attempt);
    await using sample = await open(import.meta.filename, 'r');
    const noRoom = Object.assign(new Error('no room'), { code: 'ENOSPC' });
    t.mock.method(Object.getPrototypeOf(sample), 'writev', () => Promise.reject(noRoom), { times: 1 });

    const pieces = await Promise.allSettled(
      ['lost', 'behind', 'it'].map((text) => writer.append(Buffer.from(text), 0)),
    );

    assert.deepEqual(
      pieces.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    await writer[Symbol.asyncDispose]();
    assert.equal((await stat(log)).size, 0);
  });

  it('counts what a killed hub left in the file, acknowledged or not, and hashes it from there', async () => {
    await using place = await makeFolder();
    const attempt = systemRandom.orderedUuid();
    const paths = toLogPaths(join(place.folder, 'logs'), attempt);
    await mkdir(paths.folder, { recursive: true });
    await writeFile(paths.log, 'acknowledged and a torn ta');
    await writeFile(paths.times, Buffer.alloc(16 * 1 + 5));
    await using logs = await place.open();

    const writer = await logs.write(attempt);
    await writer.append(Buffer.from('il'), 700);
    await writer.flush();

    assert.equal(await readAll(logs, attempt), 'acknowledged and a torn tail');
    assert.equal(await writer.digest(), sha256('acknowledged and a torn tail'));
    assert.deepEqual(await logs.moments(attempt, 0, 100), [
      { offset: 0, at: 0 },
      { offset: 26, at: 700 },
    ]);
  });

  it('says that the disk is full, and goes on at what is durable once there is room', async () => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempt = systemRandom.orderedUuid();
    const paths = toLogPaths(join(place.folder, 'logs'), attempt);
    await mkdir(paths.folder, { recursive: true });
    await symlink('/dev/full', paths.log);
    const writer = await logs.write(attempt);

    const full = { name: 'LogError', code: 'full' };
    await assert.rejects(writer.append(Buffer.from('x'), 0), full);
    await assert.rejects(writer.append(Buffer.from('y'), 0), full);
    await assert.rejects(writer.flush(), full);
    await assert.rejects(writer.digest(), full);
    assert.equal(await logs.length(attempt), 0);

    await writer[Symbol.asyncDispose]();
    await unlink(paths.log);
    const next = await logs.write(attempt);
    await next.append(Buffer.from('room'), 0);
    assert.equal(await next.flush(), 4);
    assert.equal(await readAll(logs, attempt), 'room');
  });

  it('does not count bytes whose flush failed', async () => {
    await using place = await makeFolder();
    await using logs = createFileLogStore({ folder: join(place.folder, 'logs'), maxDescriptors: 1 });
    const { attempt, paths } = await failFlush(logs, place.folder);
    assert.equal(await logs.length(attempt), 7);
    assert.equal(await readAll(logs, attempt), 'durable');

    await unlink(paths.times);
    const next = await logs.write(attempt);
    assert.equal(next.length, 7);
    await next.append(Buffer.from(' again'), 900);
    assert.equal(await next.digest(), sha256('durable again'));
  });

  it('has nothing of a log that was removed, also where its last flush had failed', async () => {
    await using place = await makeFolder();
    await using logs = createFileLogStore({ folder: join(place.folder, 'logs'), maxDescriptors: 1 });
    const { attempt } = await failFlush(logs, place.folder);

    await logs.remove(attempt);

    assert.equal(await logs.length(attempt), 0);
  });

  it('tells the time of what comes after the clock went back', async () => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempt = systemRandom.orderedUuid();
    const writer = await logs.write(attempt);
    await writer.append(Buffer.from('before\n'), 10_000);
    await writer.append(Buffer.from('after\n'), 4_000);
    await writer.flush();

    const moments = await logs.moments(attempt, 0, 13);

    assert.deepEqual(moments, [
      { offset: 0, at: 10_000 },
      { offset: 7, at: 4_000 },
    ]);
  });

  it('opens no log any more once it is closed', async () => {
    await using place = await makeFolder();
    const logs = await place.open();
    await logs[Symbol.asyncDispose]();

    await assert.rejects(logs.write(systemRandom.orderedUuid()), { name: 'LogError', code: 'closed' });
  });

  it('keeps to its bound of open files however many logs are written', async () => {
    await using place = await makeFolder();
    await using logs = createFileLogStore({ folder: join(place.folder, 'logs'), maxDescriptors: 8 });
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    const attempts = Array.from({ length: 100 }, () => systemRandom.orderedUuid());

    const writers = await Promise.all(attempts.map((attempt) => logs.write(attempt)));
    let most = 0;
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let piece = 0; piece < 5; piece++) {
          await writer.append(Buffer.from(`${index}.${piece} `), piece * 1_000);
          if (piece === 3) await writer.flush();
        }
        await writer.flush();
        most = Math.max(most, await openFiles());
      }),
    );

    // The folders of new logs are opened for a moment to be flushed.
    assert.ok(most - before <= 8 + 4 + 1, `expected at most 8 files and 4 folders at a time, got ${most - before}`);
    const texts = await Promise.all(attempts.map((attempt) => readAll(logs, attempt)));
    texts.forEach((text, index) => assert.equal(text, [0, 1, 2, 3, 4].map((piece) => `${index}.${piece} `).join('')));
  });

  it('makes files that only the hub can read', async () => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempt = systemRandom.orderedUuid();
    await using writer = await logs.write(attempt);
    await writer.append(Buffer.from('secret'), 0);
    await writer.flush();

    const { log } = toLogPaths(join(place.folder, 'logs'), attempt);

    assert.equal((await stat(log)).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(log))).mode & 0o777, 0o700);
  });

  it('refuses an id that could name another file', async () => {
    await using place = await makeFolder();
    await using logs = await place.open();

    await assert.rejects(logs.length('../../etc/passwd'), TypeError);
    await assert.rejects(logs.write('x'), TypeError);
  });

  it('shows a log that another process appended to', async () => {
    await using place = await makeFolder();
    await using logs = await place.open();
    const attempt = systemRandom.orderedUuid();
    await using writer = await logs.write(attempt);
    await writer.append(Buffer.from('one'), 0);
    await writer[Symbol.asyncDispose]();

    await appendFile(toLogPaths(join(place.folder, 'logs'), attempt).log, ' two');

    assert.equal(await readAll(logs, attempt), 'one two');
    await using again = await logs.write(attempt);
    assert.equal(await again.digest(), sha256('one two'));
  });
});
