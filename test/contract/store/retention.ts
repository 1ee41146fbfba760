import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change } from '../../../hub/store/store.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { sampleNewJob } from '../../support/sample-new-job.ts';
import { account, createScene, type OpenStore, resultOf, type Scene } from './scene.ts';

const never = Number.MIN_SAFE_INTEGER;
const all = { account, endedBefore: Number.MAX_SAFE_INTEGER, settledBefore: never };
const nothing = { jobs: 0, attempts: 0, logBytes: 0 };

async function endOne(scene: Scene, change: Parameters<Scene['submit']>[0] = {}) {
  const { job, tried } = await scene.start(change);
  await scene.end(tried, 'succeeded');
  return { job, tried };
}

export function testRetention(open: OpenStore): void {
  describe('retention', () => {
    test('removes an ended job with attempts, labels, idempotency key and log, and keeps its audit', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await endOne(scene, { labels: { site: 'ams' } });
      const before = await store.queries.auditOf(account, `job:${job.id}`, 0, 100);

      const removed = await scene.apply('remove-jobs', all);
      const again = await scene.apply('remove-jobs', all);

      assert.deepEqual([removed, again], [{ jobs: 1, attempts: 1, logBytes: 10 }, nothing]);
      assert.equal(await store.queries.job(account, job.id), null);
      assert.equal(await store.queries.attempt(tried.id), null);
      const filter = { states: [], automation: null, agent: null, labels: [{ key: 'site', value: 'ams' }] };
      assert.deepEqual((await store.queries.jobs(account, filter, { limit: 10, cursor: null })).items, []);
      assert.deepEqual(await store.queries.logRemovals('', 10), [tried.id]);
      assert.deepEqual(await store.queries.auditOf(account, `job:${job.id}`, 0, 100), before);
      const [told] = await store.queries.auditOf(account, `account:${account}`, 0, 10);
      assert.equal(told?.action, 'retention.jobs-removed');
      assert.deepEqual([told.data['jobs'], told.data['attempts'], told.data['logBytes']], [1, 1, 10]);
    });

    test('removes nothing that is open, of another account, or younger', async () => {
      await using store = await open();
      const scene = createScene(store);
      const queued = await scene.submit();
      const { job: running } = await scene.start();
      const { job: young } = await endOne(scene);
      const { job: other } = await endOne(scene, { account: 'other' });
      const place = await store.queries.earlierEnd(account, null, 0);

      const removed = await scene.apply('remove-jobs', { ...all, endedBefore: place?.endedAt ?? 0 });

      assert.deepEqual(removed, nothing);
      for (const job of [queued, running, young]) assert.ok(await store.queries.job(account, job.id));
      assert.ok(await store.queries.job('other', other.id));
    });

    test('keeps a job that a late result may still correct until it is settled, then lets its agent free the folder', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.lose(tried);
      const told: Change[] = [];

      const early = await scene.apply('remove-jobs', all);
      using _ = store.subscribe((changes) => told.push(...changes));
      const late = await scene.apply('remove-jobs', { ...all, settledBefore: Number.MAX_SAFE_INTEGER });
      const answer = await scene.open(tried, 'ended');
      const ended = await scene.end(tried, 'succeeded');

      assert.deepEqual([early.jobs, late.jobs], [0, 1]);
      assert.deepEqual(await store.queries.logRemovals('', 10), [tried.id], 'what came of its log until then');
      assert.equal(await store.queries.job(account, job.id), null);
      assert.deepEqual([answer, ended], [{ type: 'withdrawn' }, { type: 'withdrawn' }]);
      assert.ok(told.some((change) => change.type === 'attempt' && change.attempt.state === 'state-lost'));
      assert.deepEqual(await store.queries.openAttempts(tried.agent.id), []);
    });

    test('answers an agent that never heard that its result was stored, until the attempt is forgotten', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await endOne(scene);
      const stranger = { ...tried, agent: await scene.agent() };
      await scene.apply('remove-jobs', all);

      const answers = [await scene.open(tried, 'ended'), await scene.open(stranger, 'ended')];
      const kept = await scene.apply('forget-attempts', { before: never });
      const forgotten = await scene.apply('forget-attempts', { before: Number.MAX_SAFE_INTEGER });

      assert.deepEqual(answers, [{ type: 'accepted' }, { type: 'wrong-agent' }]);
      assert.deepEqual([kept.attempts, forgotten.attempts], [0, 1]);
      assert.deepEqual(await scene.open(tried, 'ended'), { type: 'unknown' });
    });

    test('an idempotency key goes with its job: the same request makes a new job then', async () => {
      await using store = await open();
      const scene = createScene(store);
      const idempotency = { key: 'k', requestDigest: 'd' };
      const request = (id: string) =>
        scene.apply('submit-job', {
          job: sampleNewJob({ id, account }),
          actor: 'token:t1',
          idempotency,
        });
      const first = await request(systemRandom.orderedUuid());
      assert.equal(first.type, 'created');
      await scene.cancel(first.job);

      const repeated = await request(systemRandom.orderedUuid());
      await scene.apply('remove-jobs', all);
      const anew = await request(systemRandom.orderedUuid());

      assert.deepEqual([repeated.type, anew.type], ['repeated', 'created']);
      assert.equal(await store.queries.submission(account, { key: 'other', requestDigest: 'd' }), null);
    });

    test('removes a bounded number at a time, the oldest first, and counts from the newest end', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const jobs = [];
      for (let index = 0; index < 60; index++) {
        const { job, tried } = await scene.start({}, agent);
        await scene.end(tried, 'succeeded');
        jobs.push(job);
      }

      const tenth = await store.queries.earlierEnd(account, null, 9);
      const beyond = await store.queries.earlierEnd(account, tenth, 50);
      const first = await scene.apply('remove-jobs', { ...all, endedBefore: tenth?.endedAt ?? 0 });
      const second = await scene.apply('remove-jobs', { ...all, endedBefore: tenth?.endedAt ?? 0 });
      const third = await scene.apply('remove-jobs', { ...all, endedBefore: tenth?.endedAt ?? 0 });

      assert.equal(tenth?.id, jobs[50]?.id);
      assert.equal(beyond, null);
      assert.deepEqual([first.jobs, second.jobs, third.jobs], [25, 25, 0]);
      const filter = { states: [], automation: null, agent: null, labels: [] };
      const left = await store.queries.jobs(account, filter, { limit: 100, cursor: null });
      assert.deepEqual(
        left.items.map(({ id }) => id),
        jobs
          .slice(50)
          .map(({ id }) => id)
          .toReversed(),
      );
    });

    test('removes the oldest logs until enough bytes are gone; job and attempt say when, how long it was and its digest', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const ended = [];
      for (const endedAt of ['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z', '2026-01-01T00:00:03Z']) {
        const { job, tried } = await scene.start({}, agent);
        await scene.end(tried, 'succeeded', { result: { endedAt } });
        ended.push({ job, tried });
      }
      const [first, second, third] = ended;
      assert.ok(first && second && third);

      const removed = await scene.apply('remove-logs', {
        bytes: 11,
        endedBefore: Number.MAX_SAFE_INTEGER,
        after: null,
      });

      assert.deepEqual([removed.logs, removed.bytes, removed.next], [2, 20, null]);
      const job = await scene.job(first.job);
      const attempt = await scene.attempt(first.tried);
      assert.deepEqual([job.log?.bytes, job.log?.sha256, job.state], [10, 'ab'.repeat(32), 'succeeded']);
      assert.equal(job.log?.removedAt, scene.now());
      assert.deepEqual(attempt.log, job.log);
      assert.equal((await scene.job(third.job)).log?.removedAt, null);
      assert.deepEqual(
        (await store.queries.loggedAttempts(null, 10)).map(({ id, bytes }) => [id, bytes]),
        [[third.tried.id, 10]],
      );
      assert.deepEqual(await store.queries.logRemovals('', 10), [first.tried.id, second.tried.id].toSorted());
      await scene.apply('forget-log-removals', { attemptIds: [first.tried.id, second.tried.id] });
      assert.deepEqual(await store.queries.logRemovals('', 10), []);
      assert.deepEqual(await scene.open(first.tried, 'ended'), { type: 'accepted' });
    });

    test('removes no log that is empty: nothing would be gained by saying that it is gone', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      const log = { bytes: 0, sha256: 'ab'.repeat(32), complete: true, gaps: [], trailing: 0 };
      await scene.end(tried, 'succeeded', { result: { log } });

      const removed = await scene.apply('remove-logs', { bytes: 1, endedBefore: scene.now() + 1, after: null });

      assert.equal(removed.logs, 0);
      assert.equal((await scene.job(job)).log?.removedAt, null);
    });

    test('removes the log of an earlier try, and says nothing of that of the newest', async () => {
      await using store = await open();
      const scene = createScene(store);
      const again = { retry: { limit: 1, on: ['exit-code'] } } as const;
      const { job, tried: first } = await scene.start(again);
      await scene.end(first, 'failed', { retrySafe: true });
      const second = await scene.offer(job, await scene.agent());
      await scene.open(second);
      await scene.end(second, 'succeeded');

      const removed = await scene.apply('remove-logs', { bytes: 1, endedBefore: scene.now() + 1, after: null });

      const [early, late] = [await scene.attempt(first), await scene.attempt(second)];
      assert.equal(removed.logs, 1);
      assert.deepEqual([early.log?.removedAt === null, late.log?.removedAt], [false, null]);
      assert.equal((await scene.job(job)).log?.removedAt, null);
    });

    test('counts the bytes of a log that are here, whatever its agent said of them', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await scene.start();
      await scene.apply('end-attempt', {
        attemptId: tried.id,
        agentId: tried.agent.id,
        epoch: { leaseEpoch: tried.agent.lease?.epoch ?? 0, opens: tried.opens },
        result: resultOf('succeeded'),
        storedLog: { bytes: 30, sha256: 'cd'.repeat(32), complete: false, gaps: [] },
        retrySafe: false,
      });

      const [logged] = await store.queries.loggedAttempts(null, 10);

      assert.equal(logged?.bytes, 30);
    });

    test('removes no log of a job that runs again or ended too recently, and goes on behind it', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job: retried, tried } = await scene.start({ retry: { limit: 1, on: ['exit-code'] } });
      await scene.end(tried, 'failed', { retrySafe: true });
      await endOne(scene);

      const early = await scene.apply('remove-logs', { bytes: 100, endedBefore: never, after: null });
      const due = await scene.apply('remove-logs', {
        bytes: 100,
        endedBefore: Number.MAX_SAFE_INTEGER,
        after: null,
      });

      assert.deepEqual([early.logs, due.logs], [0, 1]);
      assert.equal((await scene.job(retried)).state, 'queued');
      assert.equal((await scene.attempt(tried)).log?.removedAt, null);
    });

    test('counts ages to the clock, but takes in no more time that it did not live through than a day in an hour', async () => {
      await using store = await open();
      const scene = createScene(store);
      await scene.submit();
      const hour = 3_600_000;
      const day = 24 * hour;
      const start = scene.now();

      const first = await store.apply('live-on', { livedMs: 1000, at: start + 1000 });
      const jumped = await store.apply('live-on', { livedMs: hour, at: start + 400 * day });
      const later = await store.apply('live-on', { livedMs: hour, at: start + 400 * day + hour });
      const mended = await store.apply('live-on', { livedMs: hour, at: start + 3 * hour });

      assert.equal(first.livedTo, start + 1000);
      assert.equal(jumped.livedTo, start + 1000 + day);
      assert.equal(later.livedTo, start + 1000 + 2 * day);
      assert.equal(mended.livedTo, start + 3 * hour);
    });

    test('removes the audit from its beginning, and remembers how far', async () => {
      await using store = await open();
      const scene = createScene(store);
      await scene.submit();
      const between = scene.now() + 1;
      await scene.submit();

      const removed = await scene.apply('remove-audit', { before: between });
      const again = await scene.apply('remove-audit', { before: between });

      const through = await store.queries.auditRemovedThrough();
      const left = await store.queries.auditAfter(account, 0, 10);
      assert.deepEqual([removed.events, again.events, through], [1, 0, 1]);
      assert.deepEqual(
        left.map(({ action }) => action),
        ['job.queued', 'retention.audit-removed'],
      );
    });

    test('removes nothing of the audit that is young, also where the clock went back after it', async () => {
      await using store = await open();
      for (const [name, at] of Object.entries({ old: 10, young: 50, older: 20 })) {
        const token = { id: name, hash: name, account, role: 'viewer', name, expiresAt: null } as const;
        await store.apply('create-token', { ...token, actor: 'test', at });
      }

      const { events } = await store.apply('remove-audit', { before: 30, at: 60 });

      const left = await store.queries.auditAfter(account, 0, 10);
      assert.equal(events, 1);
      assert.deepEqual(
        left.map(({ object }) => object),
        ['token:young', 'token:older', `account:${account}`],
      );
    });

    test('removes join tokens that are over for long, and no others', async () => {
      await using store = await open();
      const scene = createScene(store);
      const make = async (name: string, usesLeft: number | null, expiresAt: number | null) => {
        const token = {
          id: name,
          account,
          usesLeft,
          expiresAt,
          allowedLabels: [],
          labels: {},
          ephemeral: false,
        };
        await scene.apply('create-join-token', { token, hash: name, actor: 'hub' });
      };
      const start = scene.now();
      await make('expired', null, start + 1);
      await make('used-up', 1, null);
      await make('endless', null, null);
      const used = { joinTokenHash: 'used-up', agentId: systemRandom.uuid(), name: 'x', publicKey: 'k' };
      await scene.apply('enrol-agent', { ...used, claimedLabels: {} });
      const joinedAt = scene.now();
      const left = async () =>
        (await store.queries.joinTokens(account, { limit: 10, cursor: null })).items.map(({ id }) => id).toSorted();

      await scene.apply('remove-join-tokens', { before: joinedAt });
      const first = await left();
      await scene.apply('remove-join-tokens', { before: joinedAt + 1 });

      assert.deepEqual(first, ['endless', 'used-up']);
      assert.deepEqual(await left(), ['endless']);
    });

    test('finds the accounts that have ended jobs, one after the other', async () => {
      await using store = await open();
      const scene = createScene(store);
      await scene.submit({ account: 'waiting' });
      for (const name of ['b', 'a']) await endOne(scene, { account: name });

      const first = await store.queries.nextAccountWithJobs('');
      const second = await store.queries.nextAccountWithJobs(first ?? '');
      const third = await store.queries.nextAccountWithJobs(second ?? '');

      assert.deepEqual([first, second, third], ['a', 'b', null]);
    });

    test('gives room back that removed jobs took', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      for (let index = 0; index < 20; index++) {
        const { tried } = await scene.start({ parameters: { text: 'x'.repeat(100_000) } }, agent);
        await scene.end(tried, 'succeeded');
      }
      await scene.apply('remove-jobs', all);
      const before = store.usage();

      store.reclaim(1_000_000);
      const between = store.usage();
      while (store.usage().freeBytes > 0) store.reclaim(1_000_000);

      assert.ok(before.freeBytes > 1_900_000, `free before: ${before.freeBytes}`);
      assert.ok(between.bytes < before.bytes && between.freeBytes < before.freeBytes);
      assert.ok(store.usage().bytes < before.bytes - 1_900_000);
    });
  });
}
