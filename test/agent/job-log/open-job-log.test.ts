import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readFile, rename, rmdir, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createFileTarget } from '../../../agent/job-log/file-target.ts';
import type { JobLog } from '../../../agent/job-log/job-log.ts';
import type { JobLogTarget } from '../../../agent/job-log/job-log-target.ts';
import { openJobLog } from '../../../agent/job-log/open-job-log.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { until } from '../../support/until.ts';

checkLeaks();

const begin = Promise.resolve();
const soon = { patienceMs: 60_000, retryMs: 10, leaveMs: 1_000 };

/** What was logged: level and message. */
function createListener(): { readonly logger: Logger; readonly said: string[] } {
  const said: string[] = [];
  const say = (level: string) => (_: object, message: string) => void said.push(`${level} ${message}`);
  const logger: Logger = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger,
  };
  return { logger, said };
}

function open(
  target: JobLogTarget,
  { clock = systemClock, limits = soon }: { clock?: Clock; limits?: typeof soon } = {},
) {
  const { logger, said } = createListener();
  return { log: openJobLog({ target, begin, clock, logger, limits }), said };
}

function write(log: JobLog, text: string): Promise<boolean> {
  return log.write(Buffer.from(text));
}

describe('a job log in a file', () => {
  it('is made for its owner and group, and grows at its end', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'jobs.jsonl');
    const { log } = open(createFileTarget(path, { clock: systemClock }));
    await using _log = log;

    const written = await Promise.all(['one\n', 'two\n', 'three\n'].map((line) => write(log, line)));

    assert.deepEqual(written, [true, true, true]);
    assert.equal(await readFile(path, 'utf8'), 'one\ntwo\nthree\n');
    assert.equal((await stat(path)).mode & 0o137, 0);
    assert.equal(log.status.writtenBytes, 14);
  });

  it('goes on in a new file when the old one was renamed: at once when told so, within a second otherwise', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'jobs.jsonl');
    let now = 0;
    const target = createFileTarget(path, { clock: { ...systemClock, monotonic: () => now } });
    const { log } = open(target);
    await using _log = log;
    await write(log, 'one\n');

    await rename(path, `${path}.1`);
    await write(log, 'still one\n');
    target.reopen();
    await write(log, 'two\n');
    await rename(path, `${path}.2`);
    now += 1_000;
    await write(log, 'three\n');

    assert.equal(await readFile(`${path}.1`, 'utf8'), 'one\nstill one\n');
    assert.equal(await readFile(`${path}.2`, 'utf8'), 'two\n');
    assert.equal(await readFile(path, 'utf8'), 'three\n');
  });

  it('goes on at the beginning of a file that was copied and cut', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'jobs.jsonl');
    const { log } = open(createFileTarget(path, { clock: systemClock }));
    await using _log = log;
    await write(log, 'one\n');

    await truncate(path);
    await write(log, 'two\n');

    assert.equal(await readFile(path, 'utf8'), 'two\n');
  });

  it('ends the torn line that somebody left before it writes its own', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'jobs.jsonl');
    await writeFile(path, '{"whole":1}\n{"to');
    const { log } = open(createFileTarget(path, { clock: systemClock }));
    await using _log = log;

    await write(log, '{"next":1}\n');

    assert.equal(await readFile(path, 'utf8'), '{"whole":1}\n{"to\n{"next":1}\n');
  });

  it('may be shared: lines of several agents do not mix', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'jobs.jsonl');
    const opened = ['a', 'b', 'c'].map((name) => ({ name, ...open(createFileTarget(path, { clock: systemClock })) }));
    const rounds = 200;

    for (let round = 0; round < rounds; round++) {
      await Promise.all(opened.map(({ log, name }) => write(log, `${name.repeat(5_000)}\n`.repeat(3))));
    }
    await Promise.all(opened.map(({ log }) => log[Symbol.asyncDispose]()));

    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    assert.equal(lines.length, 3 * 3 * rounds);
    assert.ok(lines.every((line) => /^(a{5000}|b{5000}|c{5000})$/.test(line)));
  });

  it('that cannot be made is told of once, and written when it can be', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'later/jobs.jsonl');
    const { log, said } = open(createFileTarget(path, { clock: systemClock }));
    await using _log = log;
    let changes = 0;
    log.onChange(() => (changes += 1));

    const writing = write(log, 'one\n');
    await until('a problem', () => log.status.problem !== null);
    assert.match(log.status.problem ?? '', /^cannot be written: ENOENT/);
    log.drop({ attempt: 'x', bytes: 7 });
    log.drop({ attempt: 'y', bytes: 5 });
    await mkdir(join(place.path, 'later'));

    assert.equal(await writing, true);
    assert.equal(await readFile(path, 'utf8'), 'one\n');
    assert.deepEqual(log.status, { place: path, problem: null, writtenBytes: 4, droppedBytes: 12, cutAttempts: 2 });
    assert.deepEqual(said, [
      'warn job log is not written',
      'warn lines of jobs are not written to the job log',
      'info job log is written again',
    ]);
    assert.equal(changes, 2);
  });

  it('is no link, pipe or folder that somebody put in its place', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    const path = join(place.path, 'jobs.jsonl');
    await mkdir(path);
    const { log } = open(createFileTarget(path, { clock: systemClock }));
    await using _log = log;

    const writing = write(log, 'one\n');
    await until('a problem', () => log.status.problem !== null);
    await rmdir(path);

    assert.equal(await writing, true);
    assert.equal(await readFile(path, 'utf8'), 'one\n');
  });

  it('leaves room on its disk for the output of jobs', async (context) => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    using disk = mountSmallDisk(join(place.path, 'disk'), '5m');
    if (disk === null) return context.skip('this process may not mount a disk');
    const path = join(disk.folder, 'jobs.jsonl');
    const { log } = open(createFileTarget(path, { clock: systemClock }));
    await using _log = log;
    await writeFile(join(disk.folder, 'other'), Buffer.alloc(2_000_000));

    const writing = write(log, 'one\n');
    await until('a problem', () => log.status.problem !== null);
    assert.match(log.status.problem ?? '', /^cannot be written: less than 4194304 bytes are free there/);
    await truncate(join(disk.folder, 'other'));

    assert.equal(await writing, true);
    assert.equal(await readFile(path, 'utf8'), 'one\n');
  });

  it('on a full disk goes on where it was cut, when there is room again', async (context) => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-job-log-'));
    using disk = mountSmallDisk(join(place.path, 'disk'), '64k');
    if (disk === null) return context.skip('this process may not mount a disk');
    const path = join(disk.folder, 'jobs.jsonl');
    const { log } = open(createFileTarget(path, { clock: systemClock, minFreeBytes: 0 }));
    await using _log = log;
    await writeFile(join(disk.folder, 'other'), Buffer.alloc(30_000));
    const lines = `${'x'.repeat(999)}\n`.repeat(50);

    const writing = write(log, lines);
    await until('a problem', () => log.status.problem !== null);
    assert.match(log.status.problem ?? '', /ENOSPC/);
    await truncate(join(disk.folder, 'other'));

    assert.equal(await writing, true);
    assert.equal(await readFile(path, 'utf8'), lines);
  });
});

describe('a job log that takes nothing', () => {
  /** Takes what comes once `go` is called, and nothing before. */
  function createStuckTarget() {
    const { promise, resolve: go } = Promise.withResolvers<void>();
    const taken: string[] = [];
    const target: JobLogTarget = {
      place: 'stdout',
      prepare: async () => {},
      async write(bytes) {
        await promise;
        taken.push(Buffer.from(bytes).toString());
        return bytes.length;
      },
      reopen: () => {},
      close: async () => {},
    };
    return { target, go, taken };
  }
  const limits = { patienceMs: 10_000, retryMs: 1_000, leaveMs: 1_000 };

  it('is waited for ever less, and is told of when that is over', async () => {
    const clock = createVirtualClock();
    const { target, go, taken } = createStuckTarget();
    const { log, said } = open(target, { clock, limits });
    assert.equal(log.patienceMs(), 10_000);

    const writing = write(log, 'one\n');
    await clock.advance(4_000);
    assert.equal(log.patienceMs(), 6_000);
    await clock.advance(7_000);
    assert.equal(log.patienceMs(), 0);
    assert.equal(log.status.problem, 'takes nothing');
    go();

    assert.equal(await writing, true);
    assert.deepEqual([taken, log.patienceMs(), log.status.problem], [['one\n'], 10_000, null]);
    assert.deepEqual(said, ['warn job log is not written', 'info job log is written again']);
    await log[Symbol.asyncDispose]();
    assert.equal(clock.pending, 0);
  });

  it('is left behind after a moment, and its lines are told to be unwritten', async () => {
    const clock = createVirtualClock();
    const { target } = createStuckTarget();
    const { log } = open(target, { clock, limits });
    void write(log, 'on its way\n');
    const waiting = write(log, 'waits\n');
    await clock.settle();

    const leaving = log[Symbol.asyncDispose]();
    await clock.advance(1_000);
    await leaving;

    assert.equal(await waiting, false);
    assert.equal(await write(log, 'too late\n'), false);
  });

  it('holds no more than a batch at a time, in order', async () => {
    const { target, go, taken } = createStuckTarget();
    const { log } = open(target);
    await using _log = log;

    const first = write(log, 'first\n');
    const rest = Array.from({ length: 20 }, (_, index) => write(log, `${index}${'x'.repeat(100_000)}\n`));
    go();
    await Promise.all([first, ...rest]);

    assert.ok(taken.every((batch) => batch.length <= 256 * 1024));
    assert.deepEqual(taken.join('').replaceAll('x', '').split('\n').slice(0, -1), [
      'first',
      ...rest.map((_, index) => String(index)),
    ]);
  });

  it('keeps nothing of what was written', async (context) => {
    const added = context.mock.method(EventTarget.prototype, 'addEventListener');
    const removed = context.mock.method(EventTarget.prototype, 'removeEventListener');
    const { target, go } = createStuckTarget();
    const { log } = open(target);
    go();

    await write(log, 'one\n');
    const before = added.mock.callCount() - removed.mock.callCount();
    for (let count = 0; count < 20; count += 1) await write(log, 'more\n');

    assert.equal(added.mock.callCount() - removed.mock.callCount(), before);
    await log[Symbol.asyncDispose]();
  });

  it('gets nothing before its time has come, and that is no problem of it', async () => {
    const clock = createVirtualClock();
    const { target, go, taken } = createStuckTarget();
    const { logger } = createListener();
    const gate = Promise.withResolvers<void>();
    await using log = openJobLog({ target, begin: gate.promise, clock, logger, limits });
    go();

    const writing = write(log, 'one\n');
    await clock.advance(60_000);
    assert.deepEqual([taken, log.patienceMs(), log.status.problem], [[], 10_000, null]);
    gate.resolve();

    assert.equal(await writing, true);
    assert.deepEqual(taken, ['one\n']);
  });
});
