import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenAnswer } from '../../../hub/store/command.ts';
import type { Have } from '../../../protocol/session-frame.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createScene, type OpenStore, resultOf, type Scene, type Try } from './scene.ts';

interface Runner {
  readonly folderId: string;
  starts: number;
  opens: number;
}

function createRunner(): Runner {
  return { folderId: systemRandom.uuid(), starts: 1, opens: 0 };
}

/** Submits, offers, and hands over: a ticket is out. */
async function handOver(scene: Scene): Promise<Try> {
  const tried = await scene.offer(await scene.submit(), await scene.agent());
  const answer = await scene.open(tried, 'claimed', { handsOver: true });
  assert.ok(answer.type === 'job' && answer.document !== null);
  assert.deepEqual(answer.attempt.handover, { state: 'given', runner: null });
  return tried;
}

function openAs(
  scene: Scene,
  tried: Try,
  runner: Runner,
  have: Have = 'claimed',
  isOwnTicket = true,
): Promise<OpenAnswer> {
  runner.opens++;
  return scene.apply('open-runner', {
    attemptId: tried.id,
    agentId: tried.agent.id,
    agentFolderId: tried.folderId,
    isOwnTicket,
    folderId: runner.folderId,
    have,
    epoch: { leaseEpoch: runner.starts, opens: runner.opens },
  });
}

async function endAs(scene: Scene, tried: Try, runner: Runner) {
  const { trailing: _, ...storedLog } = resultOf('succeeded').log;
  const answer = await scene.apply('end-attempt', {
    attemptId: tried.id,
    agentId: tried.agent.id,
    epoch: { leaseEpoch: runner.starts, opens: runner.opens },
    runnerFolderId: runner.folderId,
    result: resultOf('succeeded'),
    storedLog,
    retrySafe: false,
  });
  return answer.type;
}

/** Attempts whose agent gives them to a runner: `docs/attempts.md` §7. */
export function testHandovers(open: OpenStore): void {
  describe('an attempt that is handed over', () => {
    test('has lost its ticket where its agent has seen the store further: no runner is let in, and none is said not to have come', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [tried, other, begun] = [await handOver(scene), await handOver(scene), await handOver(scene)];
      const came = createRunner();
      await openAs(scene, begun, came);

      for (const { agent } of [tried, begun])
        await scene.apply('doubt-store', { agentId: agent.id, startId: 'later', commits: 1_000_000, offered: [] });
      const late = await openAs(scene, tried, createRunner());
      const takenBack = await scene.open(tried, 'document');
      const goesOn = await openAs(scene, begun, came, 'document');
      const others = await openAs(scene, other, createRunner());

      assert.equal(late.type, 'withdrawn');
      assert.ok(takenBack.type === 'job' && takenBack.attempt.handover === null);
      assert.equal(goesOn.type, 'job');
      assert.ok(others.type === 'job' && others.document !== null);
    });

    test('gives its document to the first runner, again when it was lost, and to no other one', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await handOver(scene);
      const [first, second] = [createRunner(), createRunner()];

      const came = await openAs(scene, tried, first);
      const again = await openAs(scene, tried, first);
      const other = [await openAs(scene, tried, second), await openAs(scene, tried, second, 'document')];
      const otherEnd = await endAs(scene, tried, second);

      assert.ok(came.type === 'job' && came.document !== null && came.desired === 'run');
      assert.ok(again.type === 'job' && again.document !== null);
      assert.deepEqual([...other.map(({ type }) => type), otherEnd], ['withdrawn', 'withdrawn', 'withdrawn']);
      const attempt = await scene.attempt(tried);
      const session = { leaseEpoch: 1, opens: 2 };
      assert.deepEqual(attempt.handover, { state: 'given', runner: { folderId: first.folderId, session } });
      assert.deepEqual([attempt.state, attempt.folderId, attempt.number], ['running', tried.folderId, 1]);
    });

    test('is ended by its runner, and the agent that takes it back hears that it was', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await handOver(scene);
      const runner = createRunner();
      await openAs(scene, tried, runner);

      const ended = await endAs(scene, tried, runner);
      const taken = await scene.open(tried, 'document');
      const late = await openAs(scene, tried, runner, 'ended');

      assert.deepEqual([ended, taken.type, late.type], ['accepted', 'accepted', 'accepted']);
      assert.equal((await scene.attempt(tried)).state, 'ended');
    });

    test('once taken back, knows no runner any more: neither one that had it nor a first one', async () => {
      for (const came of [true, false]) {
        await using store = await open();
        const scene = createScene(store);
        const tried = await handOver(scene);
        const runner = createRunner();
        if (came) await openAs(scene, tried, runner);

        const taken = await scene.open(tried, 'document');
        const late = [await openAs(scene, tried, runner, 'document'), await openAs(scene, tried, runner)];
        const lateEnd = await endAs(scene, tried, runner);

        assert.ok(taken.type === 'job' && taken.document === null);
        assert.deepEqual(
          [taken.attempt.handover?.state, taken.attempt.handover?.runner !== null],
          ['taken-back', came],
        );
        assert.deepEqual([...late.map(({ type }) => type), lateEnd], ['withdrawn', 'withdrawn', 'withdrawn']);
        assert.equal((await scene.end(tried, 'lost')).type, 'accepted');
      }
    });

    test('stays taken back when an older request for a ticket comes late, or a newer one', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await handOver(scene);
      await scene.open(tried, 'document');

      const late = await scene.open(tried, 'claimed', { handsOver: true, epoch: { leaseEpoch: 1, opens: 1 } });
      const newer = await scene.open(tried, 'document', { handsOver: true });

      assert.equal(late.type, 'replaced');
      assert.ok(newer.type === 'job');
      assert.equal((await openAs(scene, tried, createRunner())).type, 'withdrawn');
    });

    test('takes nothing from an older session of its runner, also when that was started anew', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await handOver(scene);
      const runner = createRunner();
      await openAs(scene, tried, runner);
      await openAs(scene, tried, { ...runner, starts: 2, opens: 0 }, 'document');

      const older = await openAs(scene, tried, runner, 'document');
      const olderEnd = await endAs(scene, tried, runner);

      assert.deepEqual([older.type, olderEnd], ['replaced', 'replaced']);
    });

    test('is given to no runner where it is to be cancelled', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.cancel(job);

      const answer = await scene.open(tried, 'claimed', { handsOver: true });

      assert.ok(answer.type === 'job' && answer.desired === 'cancel');
      assert.equal(answer.attempt.handover, null);
    });

    test('tells a runner that was cancelled before it came to run nothing', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await handOver(scene);
      const job = await store.queries.job('default', (await scene.attempt(tried)).jobId);
      assert.ok(job);
      await scene.cancel(job);

      const answer = await openAs(scene, tried, createRunner());

      assert.ok(answer.type === 'job');
      assert.deepEqual([answer.desired, answer.document], ['cancel', null]);
    });

    test('is not for a runner of an attempt that was given up for another try', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit({ retry: { limit: 1, on: ['agent-lost'] } });
      const tried = await scene.offer(job, await scene.agent());
      await scene.open(tried, 'claimed', { handsOver: true });
      await scene.lose(tried, true);

      const answer = await openAs(scene, tried, createRunner());

      assert.ok(answer.type === 'job');
      assert.deepEqual([answer.desired, answer.document], ['cancel', null]);
    });

    test('in a store that was put back is for a runner that has the document, and for no new one', async () => {
      await using store = await open();
      const scene = createScene(store);
      const unknown = await scene.offer(await scene.submit(), await scene.agent());
      const known = await handOver(scene);

      const claims = [
        await openAs(scene, unknown, createRunner()),
        await openAs(scene, known, createRunner(), 'claimed', false),
      ];
      const running = await openAs(scene, unknown, createRunner(), 'started');

      assert.deepEqual(
        claims.map(({ type }) => type),
        ['withdrawn', 'withdrawn'],
      );
      assert.ok(running.type === 'job');
      assert.deepEqual([running.document, running.attempt.state], [null, 'running']);
      assert.equal(running.attempt.folderId, unknown.folderId);
    });

    test('is not for the runner of another folder of the agent, nor of another agent', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await handOver(scene);

      const otherFolder = await openAs(scene, { ...tried, folderId: systemRandom.uuid() }, createRunner());
      const otherAgent = await openAs(scene, { ...tried, agent: await scene.agent() }, createRunner());

      assert.deepEqual([otherFolder.type, otherAgent.type], ['withdrawn', 'wrong-agent']);
      assert.deepEqual((await scene.attempt(tried)).handover, { state: 'given', runner: null });
    });
  });
}
