import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createFileLogStore } from '../../../hub/logs/file-log-store.ts';
import { toLogPaths } from '../../../hub/logs/log-paths.ts';
import type { LogStore } from '../../../hub/logs/log-store.ts';
import { Retention, type RetentionOptions, toRetainEveryMs } from '../../../hub/retention/retention.ts';
import { keepEverything, type RetentionRules } from '../../../hub/retention/retention-rules.ts';
import { RoomReserve } from '../../../hub/retention/room-reserve.ts';
import type { JobRecord } from '../../../hub/store/records.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../hub/store/store.ts';
import { StoreError } from '../../../hub/store/store-error.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { account, createScene, type Scene } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';

checkLeaks();

const hour = 3_600_000;
const day = 24 * hour;
const going = new AbortController().signal;

interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly scene: Scene;
  readonly logs: LogStore;
  readonly counted: Map<string, number>;
  readonly warnings: string[];
  /** One that has lived `livedMs` since it began to be, which is after all that happened. */
  retention(
    rules: Partial<RetentionRules>,
    lived?: { readonly ms: number; readonly jumpMs?: number },
    over?: Partial<Pick<RetentionOptions, 'store' | 'reserve'>>,
  ): Retention;
  /** A job that ended now, with its log on the disk. */
  endJob(
    outcome?: 'succeeded' | 'agent-lost',
    logBytes?: number,
  ): Promise<{ readonly job: JobRecord; readonly path: string }>;
}

async function createBench(wrap: (logs: LogStore) => LogStore = (logs) => logs, place = tmpdir()): Promise<Bench> {
  const folder = await mkdtemp(join(place, 'farhand-retention-'));
  const store = await openSqliteStore({ folder, logger: silentLogger, random: systemRandom });
  const root = join(folder, 'logs');
  const logs = wrap(createFileLogStore({ folder: root }));
  const scene = createScene(store);
  const agent = await scene.agent();
  const counted = new Map<string, number>();
  const warnings: string[] = [];
  return {
    folder,
    scene,
    logs,
    counted,
    warnings,
    retention(rules, { ms, jumpMs = 0 } = { ms: 0 }, over = {}) {
      const start = scene.now();
      // The first look at the clock is that of its making.
      let lived = -ms;
      return new Retention({
        store,
        logs,
        reserve: new RoomReserve({ folder }),
        rules: { ...keepEverything, ...rules },
        correctionWindowMs: 7 * day,
        metrics: { removed: (what, count) => void counted.set(what, (counted.get(what) ?? 0) + count) },
        clock: {
          ...systemClock,
          now: () => start + lived + jumpMs,
          monotonic: () => {
            const before = lived;
            lived += ms;
            return before;
          },
        },
        logger: { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) },
        ...over,
      });
    },
    async endJob(outcome = 'succeeded', logBytes = 10) {
      const { job, tried } = await scene.start({}, agent);
      {
        await using writer = await logs.write(tried.id);
        await writer.append(Buffer.alloc(logBytes, '.'), 0);
        await writer.flush();
      }
      if (outcome === 'agent-lost') await scene.lose(tried);
      else {
        const log = { bytes: logBytes, sha256: 'a'.repeat(64), complete: true, gaps: [], trailing: 0 };
        await scene.end(tried, outcome, { result: { endedAt: new Date(scene.now()).toISOString(), log } });
      }
      return { job, path: toLogPaths(root, tried.id).log };
    },
    async [Symbol.asyncDispose]() {
      await logs[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** All that a store of logs does, to be changed in part. */
function passOn(logs: LogStore): LogStore {
  return {
    write: (attempt) => logs.write(attempt),
    length: (attempt) => logs.length(attempt),
    read: (attempt, start, end) => logs.read(attempt, start, end),
    moments: (attempt, start, end) => logs.moments(attempt, start, end),
    grown: (attempt, offset, signal) => logs.grown(attempt, offset, signal),
    remove: (attempt) => logs.remove(attempt),
    [Symbol.asyncDispose]: () => logs[Symbol.asyncDispose](),
  };
}

const isThere = async ({ scene }: Bench, job: JobRecord) => (await scene.store.queries.job(account, job.id)) !== null;

describe('retention', () => {
  it('looks more often where less is kept, and no less often than every ten minutes', () => {
    const minute = 60_000;

    assert.equal(toRetainEveryMs(keepEverything), 10 * minute);
    assert.equal(toRetainEveryMs({ ...keepEverything, jobsForMs: 90 * day }), 10 * minute);
    assert.equal(toRetainEveryMs({ ...keepEverything, auditForMs: 50 * minute }), 5 * minute);
    assert.equal(toRetainEveryMs({ ...keepEverything, jobsForMs: minute }), minute);
  });

  it('removes jobs that ended too long ago, and their logs from the disk', async () => {
    await using bench = await createBench();
    const { job, path } = await bench.endJob();
    const retention = bench.retention({ jobsForMs: 90 * day }, { ms: 60 * day });

    await retention.turn(going);
    const early = [await isThere(bench, job), existsSync(path)];
    await retention.turn(going);
    await retention.turn(going);

    assert.deepEqual(early, [true, true]);
    assert.deepEqual([await isThere(bench, job), existsSync(path)], [false, false]);
    assert.deepEqual([bench.counted.get('jobs'), bench.counted.get('log-bytes')], [1, 10]);
  });

  it('removes next to nothing when the clock jumps by a year, and says that it jumped', async () => {
    await using bench = await createBench();
    const { job } = await bench.endJob();
    const retention = bench.retention({ jobsForMs: 90 * day }, { ms: hour, jumpMs: 365 * day });

    for (let hours = 0; hours < 24; hours++) await retention.turn(going);
    const afterDay = await isThere(bench, job);
    for (let days = 24; days < 100; days++) await retention.turn(going);

    assert.equal(afterDay, true);
    assert.equal(await isThere(bench, job), false, 'a clock that stays there is believed in the end');
    assert.match(bench.warnings[0] ?? '', /clock is far ahead/);
  });

  it('keeps the newest of each account, and never less than what is kept at least', async () => {
    await using bench = await createBench();
    const ended = [await bench.endJob(), await bench.endJob(), await bench.endJob()];
    const count = async () => (await Promise.all(ended.map(({ job }) => isThere(bench, job)))).map(Number).join('');

    await bench.retention({ jobsPerAccount: 2, atLeastMs: day }).turn(going);
    const young = await count();
    const warned = [...bench.warnings];
    await bench.retention({ jobsPerAccount: 2 }).turn(going);

    assert.deepEqual([young, await count()], ['111', '011']);
    assert.match(warned[0] ?? '', /too young/);
  });

  it('keeps no more bytes of logs than allowed; the jobs stay', async () => {
    await using bench = await createBench();
    const ended = [await bench.endJob(), await bench.endJob(), await bench.endJob()];
    const retention = bench.retention({ logBytes: 15 });

    await retention.turn(going);

    assert.deepEqual(
      ended.map(({ path }) => existsSync(path)),
      [false, false, true],
    );
    for (const { job } of ended) assert.equal(await isThere(bench, job), true);
    assert.equal(retention.logStoreBytes, 10);
    assert.deepEqual([bench.counted.get('logs'), bench.counted.get('log-bytes')], [2, 20]);
  });

  it('comes to its end, and says so, where logs take too much that are too young to be removed', async () => {
    await using bench = await createBench();
    const ended = [await bench.endJob(), await bench.endJob()];
    const retention = bench.retention({ logBytes: 5, atLeastMs: day });

    await retention.turn(going);

    assert.deepEqual(
      ended.map(({ path }) => existsSync(path)),
      [true, true],
    );
    assert.equal(retention.logStoreBytes, 20);
    assert.deepEqual(bench.warnings, ['more is kept than allowed, because it is too young to be removed']);
  });

  it('counts what is kept at least by the time that it lived, not by a clock that jumped', async () => {
    await using bench = await createBench();
    const { path } = await bench.endJob();
    const retention = bench.retention({ logBytes: 5, atLeastMs: day }, { ms: hour, jumpMs: 365 * day });

    await retention.turn(going);

    assert.equal(existsSync(path), true);
  });

  it('looks after every account', async () => {
    await using bench = await createBench();
    const { scene } = bench;
    const others = { account: 'another' };
    const { job: own } = await bench.endJob();
    const { job, tried } = await scene.start(others, await scene.agent('their', others));
    await scene.end(tried, 'succeeded');
    const retention = bench.retention({ jobsForMs: hour }, { ms: day });

    await retention.turn(going);

    assert.equal(await isThere(bench, own), false);
    assert.equal(await scene.store.queries.job(others.account, job.id), null);
  });

  it('keeps what it has aside whole with each turn', async () => {
    await using bench = await createBench();
    let kept = 0;
    const reserve = { keep: async () => void kept++, give: async () => false };
    const retention = bench.retention({}, { ms: 0 }, { reserve });

    await retention.turn(going);
    await retention.turn(going);

    assert.equal(kept, 2);
  });

  it('stops to give room back to the disk where the store cannot shrink', async () => {
    await using bench = await createBench();
    const impatient = new AbortController();
    let asked = 0;
    const reclaim = () => {
      asked += 1;
      if (asked > 10) impatient.abort();
    };
    const usage = () => ({ bytes: 100 * 1024 * 1024, freeBytes: 50 * 1024 * 1024 });
    const retention = bench.retention({}, { ms: 0 }, { store: { ...bench.scene.store, usage, reclaim } });

    await retention.turn(impatient.signal);

    assert.equal(asked, 1);
  });

  it('deletes the files behind those that it cannot delete, however many those are, and forgets none', async () => {
    const deleted = new Set<string>();
    await using bench = await createBench((logs) => ({
      ...passOn(logs),
      remove: async (attempt) => {
        if (attempt < 'b') throw new Error('a disk of the test');
        deleted.add(attempt);
      },
    }));
    const { store } = bench.scene;
    const names = (letter: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${letter}${String(index).padStart(3, '0')}`);
    let left = [...names('a', 150), ...names('b', 60)];
    const impatient = new AbortController();
    let looks = 0;
    const removing: Store = {
      ...store,
      async apply(name, input) {
        if (name !== 'forget-log-removals' || !('attemptIds' in input)) return store.apply(name, input);
        left = left.filter((attempt) => !input.attemptIds.includes(attempt));
        return null as never;
      },
      queries: {
        ...store.queries,
        logRemovals: async (after, limit) => {
          looks += 1;
          if (looks > 10) impatient.abort();
          return left.filter((attempt) => attempt > after).slice(0, limit);
        },
      },
    };

    await bench.retention({}, { ms: 0 }, { store: removing }).turn(impatient.signal);

    assert.deepEqual(left, names('a', 150));
    assert.equal(deleted.size, 60);
  });

  it('gives up on a full disk where nothing is left that was kept aside for it', async () => {
    await using bench = await createBench();
    const { store } = bench.scene;
    let slices = 2;
    const give = async () => {
      slices -= 1;
      if (slices < -10) throw new Error('asked without end');
      return slices >= 0;
    };
    const full: Store = { ...store, apply: () => Promise.reject(new StoreError('full', 'no room')) };
    const reserve = { keep: async () => {}, give };
    const retention = bench.retention({}, { ms: 0 }, { store: full, reserve });

    await assert.rejects(retention.turn(going), { code: 'full' });

    assert.equal(slices, -1);
  });

  it('keeps a lost job for as long as its end may still come', async () => {
    await using bench = await createBench();
    const { job, path } = await bench.endJob('agent-lost');
    const retention = bench.retention({ jobsForMs: day }, { ms: 3 * day });

    await retention.turn(going);
    await retention.turn(going);
    const within = [await isThere(bench, job), existsSync(path)];
    await retention.turn(going);

    assert.deepEqual(within, [true, true]);
    assert.deepEqual([await isThere(bench, job), existsSync(path)], [false, false]);
  });

  it('deletes later the files that it could not delete, also when the hub died in between', async () => {
    const failing = { on: true };
    await using bench = await createBench((logs) => ({
      ...passOn(logs),
      remove: (attempt) => (failing.on ? Promise.reject(new Error('a disk of the test')) : logs.remove(attempt)),
    }));
    const { job, path } = await bench.endJob();
    await bench.endJob();

    await bench.retention({ jobsPerAccount: 1 }).turn(going);
    const between = [await isThere(bench, job), existsSync(path)];
    failing.on = false;
    await bench.retention({}).turn(going);

    assert.deepEqual(between, [false, true]);
    assert.equal(existsSync(path), false);
    assert.deepEqual(await bench.scene.store.queries.logRemovals('', 10), []);
  });

  it('makes room on a disk that is full to the last byte', async (context) => {
    using disk = mountSmallDisk(join(tmpdir(), `farhand-retention-disk-${process.pid}`), '24m');
    if (disk === null) return context.skip('this process may not mount a file system of its own');
    await using bench = await createBench((logs) => logs, disk.folder);
    const ended: Awaited<ReturnType<Bench['endJob']>>[] = [];
    for (let index = 0; index < 40; index++) ended.push(await bench.endJob('succeeded', 64 * 1024));
    const retention = bench.retention({ logBytes: 64 * 1024 });
    await new RoomReserve({ folder: bench.folder }).keep();
    await using filler = await open(join(disk.folder, 'filler'), 'w');
    for (const bytes of [65_536, 4096, 1]) {
      while ((await filler.write(Buffer.alloc(bytes)).catch(() => ({ bytesWritten: 0 }))).bytesWritten > 0);
    }
    const submit = () => bench.scene.submit({ parameters: { long: 'x'.repeat(50_000) } });
    const fill = async () => {
      for (;;) await submit();
    };
    await assert.rejects(fill, { code: 'full' });
    await assert.rejects(submit, { code: 'full' });

    await retention.turn(going);

    assert.deepEqual(
      ended.map(({ path }) => existsSync(path)),
      ended.map((_, index) => index === 39),
    );
    await submit();
  });

  it('deletes files side by side: a hub that is short of time is not held up by each of them', async () => {
    const under = { way: 0, most: 0 };
    await using bench = await createBench((logs) => ({
      ...passOn(logs),
      async remove(attempt) {
        under.way++;
        under.most = Math.max(under.most, under.way);
        await logs.remove(attempt);
        under.way--;
      },
    }));
    const ended = [await bench.endJob(), await bench.endJob(), await bench.endJob(), await bench.endJob()];

    await bench.retention({ jobsPerAccount: 1 }).turn(going);

    assert.deepEqual(
      ended.map(({ path }) => existsSync(path)),
      [false, false, false, true],
    );
    assert.equal(under.most, 3);
  });

  it('goes on where it was stopped', async () => {
    await using bench = await createBench();
    const ended: Awaited<ReturnType<Bench['endJob']>>[] = [];
    for (let index = 0; index < 60; index++) ended.push(await bench.endJob());
    const stopping = new AbortController();
    using _ = bench.scene.store.subscribe((changes) => {
      if (changes.some((change) => change.type === 'audit' && change.object.startsWith('account:'))) stopping.abort();
    });
    const left = async () => (await Promise.all(ended.map(({ job }) => isThere(bench, job)))).filter(Boolean).length;

    await bench.retention({ jobsPerAccount: 1 }).turn(stopping.signal);
    const between = await left();
    await bench.retention({ jobsPerAccount: 1 }).turn(going);

    assert.equal(between, 35);
    assert.equal(await left(), 1);
    assert.equal(ended.filter(({ path }) => existsSync(path)).length, 1);
  });
});
