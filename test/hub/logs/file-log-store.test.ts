import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { createFileLogStore } from '../../../hub/logs/file-log-store.ts';
import { toLogPaths } from '../../../hub/logs/log-paths.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
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

describe('a log store of files', () => {
  it('keeps no descriptor of a log that is removed while somebody reads it', {
    skip: !existsSync('/proc/self/fd') && 'no /proc here',
  }, async () => {
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
    const attempt = systemRandom.orderedUuid();
    const paths = toLogPaths(join(place.folder, 'logs'), attempt);
    const writer = await logs.write(attempt);
    await writer.append(Buffer.from('durable'), 0);
    await writer.flush();
    await writer.append(Buffer.from(' doubtful'), 500);
    await unlink(paths.times);
    await symlink('/dev/full', paths.times);

    await assert.rejects(writer.flush(), { name: 'LogError', code: 'full' });
    await writer[Symbol.asyncDispose]();
    assert.equal(await logs.length(attempt), 7);
    assert.equal(await readAll(logs, attempt), 'durable');

    await unlink(paths.times);
    const next = await logs.write(attempt);
    assert.equal(next.length, 7);
    await next.append(Buffer.from(' again'), 900);
    assert.equal(await next.digest(), sha256('durable again'));
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
