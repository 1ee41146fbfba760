import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toSpanId } from '../../../protocol/trace-context.ts';
import { account, createScene, type OpenStore } from './scene.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const trace = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'congo=t61' };

export function testAttempts(open: OpenStore): void {
  describe('attempts', () => {
    test('an offer puts the job out, without a number', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');
      const job = await scene.submit();

      const tried = await scene.offer(job, agent);

      const offered = await scene.job(job);
      assert.deepEqual(
        [offered.state, offered.attemptId, offered.attemptNumber, offered.agentName, offered.version],
        ['offered', tried.id, null, 'a1', 2],
      );
      const attempt = await scene.attempt(tried);
      assert.deepEqual(
        [attempt.state, attempt.number, attempt.desired, attempt.specVersion, attempt.documentSentAt],
        ['offered', null, 'run', 1, null],
      );
      assert.deepEqual(await store.queries.attempts(account, job.id), []);
    });

    test('an offer needs a queued job and the lease it was made under', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const job = await scene.submit();
      const offer = (jobId: string, leaseEpoch: number) =>
        scene.apply('offer-attempt', {
          jobId,
          attemptId: crypto.randomUUID(),
          agentId: agent.id,
          leaseEpoch,
          digest: null,
          retrySafe: false,
        });
      const epoch = agent.lease?.epoch ?? 0;

      const older = await offer(job.id, epoch - 1);
      const newer = await offer(job.id, epoch + 1);
      const unknown = await offer('nobody', epoch);
      const good = await offer(job.id, epoch);
      const twice = await offer(job.id, epoch);
      const other = await scene.submit();
      await scene.apply('release-lease', { agentId: agent.id, owner: 'hub-1', epoch });
      const left = await offer(other.id, epoch);

      assert.deepEqual(
        [older, newer, unknown, good, twice, left].map(({ type }) => type),
        ['lease-gone', 'lease-gone', 'not-queued', 'offered', 'not-queued', 'lease-gone'],
      );
    });

    test('an offer crosses accounts only to agents of the hub itself', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('own', { account: 'own' });
      const shared = await scene.agent('shared', { account: 'default' });
      const job = await scene.submit({ account: 'other' });

      await assert.rejects(
        scene.apply('offer-attempt', {
          jobId: job.id,
          attemptId: crypto.randomUUID(),
          agentId: agent.id,
          leaseEpoch: agent.lease?.epoch ?? 0,
          digest: null,
          retrySafe: false,
        }),
        /account other/,
      );
      const offered = await scene.apply('offer-attempt', {
        jobId: job.id,
        attemptId: crypto.randomUUID(),
        agentId: shared.id,
        leaseEpoch: shared.lease?.epoch ?? 0,
        digest: null,
        retrySafe: false,
      });
      assert.equal(offered.type, 'offered');
    });

    test('an offer that comes to nothing goes back, and leaves no number behind', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const job = await scene.submit();
      const late = await scene.offer(job, agent);
      const timedOut = await scene.apply('withdraw-offer', { attemptId: late.id, why: 'timeout', message: null });
      const declined = await scene.offer(job, agent);
      const answer = await scene.decline(declined, 'no-slot');
      const afterwards = await scene.job(job);
      const taken = await scene.offer(job, agent);
      await scene.open(taken);

      assert.equal(timedOut.type, 'withdrawn');
      assert.equal(answer.type, 'applied');
      assert.deepEqual([afterwards.state, afterwards.attemptId, afterwards.agentName], ['queued', null, null]);
      const shown = await store.queries.attempts(account, job.id);
      assert.deepEqual(
        shown.map(({ id, number }) => [id, number]),
        [[taken.id, 1]],
      );
      assert.deepEqual(await scene.open(late), { type: 'withdrawn' });
      assert.equal((await scene.end(late, 'succeeded')).type, 'withdrawn');
    });

    test('withdrawing does nothing twice, and nothing once the document was sent', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const job = await scene.submit();
      const first = await scene.offer(job, agent);
      const withdraw = (attemptId: string) =>
        scene.apply('withdraw-offer', { attemptId, why: 'timeout', message: null });

      await withdraw(first.id);
      const again = await withdraw(first.id);
      const second = await scene.offer(job, agent);
      await scene.open(second);
      const tooLate = await withdraw(second.id);
      const declined = await scene.decline(second, 'pressure');

      assert.equal(again.type, 'withdrawn');
      assert.equal(tooLate.type, 'too-late');
      assert.equal(declined.type, 'ignored');
      assert.equal((await withdraw('nobody')).type, 'unknown');
      assert.equal((await scene.job(job)).state, 'running');
    });

    test('every try is a span of its own in the trace of the job, also when its document is sent again', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start({ ...trace, retry: { limit: 1, on: ['exit-code'] } });
      const first = (await scene.attempt(tried)).traceparent;

      const again = await scene.open(tried, 'claimed');
      await scene.end(tried, 'failed', { retrySafe: true });
      const second = await scene.offer(await scene.job(job), await scene.agent());
      const answer = await scene.open(second);

      assert.equal(first, `00-${traceId}-${toSpanId(tried.id)}-01`);
      assert.equal(again.type === 'job' && again.document?.traceparent, first);
      assert.equal(answer.type === 'job' && answer.document?.traceparent, `00-${traceId}-${toSpanId(second.id)}-01`);
      assert.equal((await scene.job(job)).traceparent, trace.traceparent);
    });

    test('of a job without a trace has none', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await scene.start({ traceparent: null });

      assert.equal((await scene.attempt(tried)).traceparent, null);
    });

    test('the first claim commits folder, number and session, and gets the document', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit({ parameters: { name: 'ada' }, timeoutSeconds: 60, ...trace });
      const tried = await scene.offer(job, await scene.agent());

      const answer = await scene.open(tried);

      assert.ok(answer.type === 'job');
      assert.equal(answer.desired, 'run');
      assert.deepEqual(answer.document, {
        job: job.id,
        attempt: tried.id,
        number: 1,
        account,
        automation: 'greet',
        digest: null,
        parameters: { name: 'ada' },
        secretNames: [],
        timeoutSeconds: 60,
        traceparent: `00-${traceId}-${toSpanId(tried.id)}-01`,
        tracestate: 'congo=t61',
      });
      assert.equal(answer.attempt.traceparent, answer.document?.traceparent);
      assert.deepEqual([answer.secrets, answer.secretsGone], [null, false]);
      const attempt = await scene.attempt(tried);
      assert.deepEqual(answer.attempt, attempt);
      assert.deepEqual(
        [
          attempt.state,
          attempt.number,
          attempt.folderId,
          attempt.documentSentAt,
          attempt.specVersion,
          attempt.sessionEpoch,
        ],
        ['running', 1, tried.folderId, scene.now(), 2, { leaseEpoch: 1, opens: 1 }],
      );
      const running = await scene.job(job);
      assert.deepEqual([running.state, running.attemptNumber, running.startedAt], ['running', 1, null]);
    });

    test('a document that was lost on the way is sent again, to the same folder only', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();

      const again = await scene.open(tried);
      const elsewhere = await scene.open(tried, 'claimed', { folderId: crypto.randomUUID() });

      assert.ok(again.type === 'job' && again.document !== null);
      assert.equal(elsewhere.type, 'withdrawn');
      assert.equal((await scene.attempt(tried)).state, 'state-lost');
      const lost = await scene.job(job);
      assert.deepEqual([lost.state, lost.cause, lost.started], ['lost', 'state-lost', 'unknown']);
    });

    test('what runs goes on without a document', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await scene.start();

      for (const have of ['document', 'started', 'ended'] as const) {
        const answer = await scene.open(tried, have);
        assert.ok(answer.type === 'job');
        assert.deepEqual([answer.desired, answer.document], ['run', null]);
      }
    });

    test('only the newest session speaks, and only the agent that got the offer', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await scene.start();
      await scene.open(tried, 'document');
      const older = { epoch: { leaseEpoch: 1, opens: 1 } };

      const reopened = await scene.open(tried, 'document', older);
      tried.opens = 1;
      const end = await scene.end(tried, 'succeeded');
      const stranger = await scene.agent();
      const foreignOpen = await scene.open({ ...tried, agent: stranger }, 'ended');
      const foreignEnd = await scene.end({ ...tried, agent: stranger }, 'succeeded');
      const foreignReport = await scene.decline({ ...tried, agent: stranger }, 'state-lost');

      assert.equal(reopened.type, 'replaced');
      assert.equal(end.type, 'replaced');
      assert.equal(foreignOpen.type, 'wrong-agent');
      assert.equal(foreignEnd.type, 'unknown');
      assert.equal(foreignReport.type, 'unknown');
      assert.equal((await scene.attempt(tried)).state, 'running');
      assert.equal((await scene.open({ ...tried, id: 'nobody' })).type, 'unknown');
      assert.equal((await scene.end({ ...tried, id: 'nobody' }, 'failed')).type, 'unknown');
    });

    test('a result is stored once, with all it says, and accepted as often as it comes', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      const gaps = [{ at: 4, bytes: null, why: 'power-loss' as const }];
      const log = { bytes: 10, sha256: 'cd'.repeat(32), complete: false, gaps, trailing: 3 };
      const result = {
        log,
        exitCode: 3,
        message: 'it said no',
        startedAt: new Date(scene.now()).toISOString(),
        endedAt: new Date(scene.now() + 500).toISOString(),
      };

      const ended = await scene.end(tried, 'failed', { result });
      const again = await scene.end(tried, 'succeeded');
      const reopened = await scene.open(tried, 'ended');

      const stored = { ...log, removedAt: null };
      assert.ok(ended.type === 'accepted' && again.type === 'accepted');
      assert.deepEqual(reopened, { type: 'accepted' });
      const after = await scene.job(job);
      assert.deepEqual(ended.job, after);
      assert.deepEqual(again.job, after);
      assert.deepEqual(
        [
          after.state,
          after.cause,
          after.message,
          after.started,
          after.exitCode,
          after.outputs,
          after.log,
          after.retrySafe,
        ],
        ['failed', 'exit-code', 'it said no', true, 3, null, stored, false],
      );
      assert.deepEqual([after.startedAt, after.finishedAt], [Date.parse(result.startedAt), Date.parse(result.endedAt)]);
      const attempt = await scene.attempt(tried);
      assert.deepEqual([attempt.state, attempt.log, attempt.result?.message], ['ended', stored, 'it said no']);
    });

    test('what an agent with a wrong clock says is held within the life of the job', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();

      await scene.end(tried, 'succeeded', {
        result: { startedAt: '1999-01-01T00:00:00.000Z', endedAt: '2999-01-01T00:00:00.000Z' },
      });

      const ended = await scene.job(job);
      assert.deepEqual([ended.startedAt, ended.finishedAt], [job.createdAt, scene.now()]);
    });

    test('the start is known once the agent reports it', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      const startedAt = scene.now();
      const report = () =>
        scene.apply('report-attempt', {
          attemptId: tried.id,
          agentId: tried.agent.id,
          report: { type: 'running', startedAt },
        });

      const first = await report();
      const second = await report();

      assert.deepEqual([first.type, second.type], ['applied', 'ignored']);
      assert.equal((await scene.job(job)).startedAt, startedAt);
      assert.equal((await scene.attempt(tried)).startedAt, startedAt);
    });

    test('a command that never started goes back ten times, then the job fails', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const job = await scene.submit();
      const states: string[] = [];

      for (let number = 1; number <= 11; number++) {
        const tried = await scene.offer(job, agent);
        await scene.open(tried);
        await scene.end(tried, 'never-started');
        const { state, retriesUsed } = await scene.job(job);
        states.push(`${state} ${retriesUsed}`);
      }

      assert.deepEqual(states, [...Array.from({ length: 10 }, () => 'queued 0'), 'failed 0']);
      const failed = await scene.job(job);
      assert.deepEqual([failed.cause, failed.started, failed.attemptNumber], ['start-failed', false, 11]);
    });

    test('a safe job is tried again as often as it may, with no end to be seen in between', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const seen: string[] = [];
      using _listening = store.subscribe((changes) => {
        for (const change of changes) if (change.type === 'job') seen.push(change.job.state);
      });
      const job = await scene.submit({ retry: { limit: 1, on: ['exit-code'] }, priority: 5 });

      for (const _ of [1, 2]) {
        const tried = await scene.offer(job, agent);
        await scene.open(tried);
        await scene.end(tried, 'failed', { retrySafe: true });
      }

      assert.deepEqual(seen, ['queued', 'offered', 'running', 'queued', 'offered', 'running', 'failed']);
      const failed = await scene.job(job);
      assert.deepEqual(
        [failed.retriesUsed, failed.attemptNumber, failed.retrySafe, failed.priority, failed.createdAt],
        [1, 2, true, 5, job.createdAt],
      );
      const attempts = await store.queries.attempts(account, job.id);
      assert.deepEqual(
        attempts.map(({ number, state }) => [number, state]),
        [
          [1, 'ended'],
          [2, 'ended'],
        ],
      );
    });

    test('a job between two tries shows nothing of how the first one ended', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start({ retry: { limit: 1, on: ['exit-code'] } });

      await scene.end(tried, 'failed', { retrySafe: true });

      const between = await scene.job(job);
      assert.deepEqual(
        [
          between.state,
          between.cause,
          between.message,
          between.exitCode,
          between.log,
          between.startedAt,
          between.finishedAt,
        ],
        ['queued', null, null, null, null, null, null],
      );
    });
  });
}
