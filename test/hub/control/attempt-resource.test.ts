import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAttemptLister, createAttemptSink, type Declined } from '../../../hub/control/attempt-resource.ts';
import type { AttemptReport } from '../../../protocol/offer.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

/** Two agents, the first of which was offered a job. */
async function createPlace() {
  const bench = await createSchedulerBench();
  const owner = await bench.agent('a1');
  const job = await bench.submit();
  await bench.settle();
  const stranger = await bench.agent('a2');
  const attempt = owner.offers[0]?.id ?? '';
  const open = () =>
    bench.store.apply('open-attempt', {
      attemptId: attempt,
      agentId: owner.id,
      folderId: '11111111-1111-4111-8111-111111111111',
      have: 'claimed',
      epoch: { leaseEpoch: 1, opens: 1 },
      at: bench.clock.now(),
    });
  const declined: Declined[] = [];
  const say = async (agentId: string, change: Partial<AttemptReport>) => {
    const sink = createAttemptSink({
      store: bench.store,
      agentId,
      clock: bench.clock,
      onDeclined: (one) => void declined.push(one),
    });
    const status: AttemptReport = { phase: 'accepted', reason: null, message: null, startedAt: null, rawBytes: null };
    await sink.apply({ id: attempt, version: 1, hash: 'h', status: { ...status, ...change } });
    return (await bench.job(job.id)).state;
  };
  return { bench, owner, stranger, attempt, open, declined, say };
}

describe('what an agent is told of attempts', () => {
  it('is all of its own that are open, and nothing of those of others', async () => {
    const { bench, owner, stranger, attempt } = await createPlace();
    await using _ = bench;
    const [own, others] = [owner, stranger].map(({ id }) => createAttemptLister(bench.store, id));

    assert.deepEqual(await own?.versions(), [{ id: attempt, version: 1, deleted: false }]);
    assert.equal((await own?.get(attempt))?.id, attempt);
    assert.deepEqual(await others?.versions(), []);
    assert.equal(await others?.get(attempt), null);
  });

  it('says whether the document was sent, and ends with the attempt', async () => {
    const { bench, owner, attempt, open, say } = await createPlace();
    await using _ = bench;
    const lister = createAttemptLister(bench.store, owner.id);
    const isSent = async () => {
      const entry = await lister.get(attempt);
      return entry?.type === 'wanted' ? entry.spec.documentSent : null;
    };

    const before = await isSent();
    await open();
    const after = await isSent();
    await say(owner.id, { phase: 'declined', reason: 'state-lost' });

    assert.deepEqual([before, after, await isSent()], [false, true, null]);
  });
});

describe('what an agent says of attempts', () => {
  it('counts as a refusal as long as the attempt stands offered, and of its own agent', async () => {
    const { bench, owner, stranger, open, declined, say } = await createPlace();
    await using _ = bench;
    const no = { phase: 'declined', reason: 'no-slot' } as const;

    assert.equal(await say(stranger.id, no), 'offered');
    await open();
    assert.equal(await say(owner.id, no), 'running');

    assert.deepEqual(declined, []);
  });

  it('sends the job elsewhere when it will not take it', async () => {
    const { bench, owner, declined, say } = await createPlace();
    await using _ = bench;

    await say(owner.id, { phase: 'declined', reason: 'no-slot' });

    assert.deepEqual(declined, [{ agentId: owner.id, automation: 'greet', reason: 'no-slot' }]);
  });
});
