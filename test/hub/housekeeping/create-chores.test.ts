import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChores } from '../../../hub/housekeeping/create-chores.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench, type SchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

const lostAfterMs = 60_000;
const lookEveryMs = lostAfterMs / 4;
const correctionWindowMs = 10 * lostAfterMs;

function createRunner({ store, fleet, clock }: SchedulerBench) {
  const chores = createChores({
    store,
    fleet,
    control: { renewLeases: async () => {}, tellCommits: async () => {} },
    sessions: { isServing: () => false },
    room: { tryAgain: async () => {} },
    waiting: { look: () => {} },
    inventory: { look: async () => {} },
    retention: { turn: async () => {} },
    lostAfterMs,
    correctionWindowMs,
    retainEveryMs: lostAfterMs,
    clock,
  });
  return async (name: string): Promise<void> => {
    const chore = chores.find((each) => each.name === name);
    assert.ok(chore, name);
    await chore.run(new AbortController().signal, () => {});
  };
}

describe('the chores of a hub', () => {
  it('keep the secrets of a job that ended for as long as its end may be corrected', async () => {
    await using bench = await createSchedulerBench();
    const run = createRunner(bench);
    const agent = await bench.agent('a1');
    const { id } = await bench.submit({ secretNames: ['p'], secrets: new Uint8Array([7]) });
    await bench.settle();
    const epoch = { leaseEpoch: 1, opens: 1 };
    const opened = { attemptId: agent.offers[0]?.id ?? '', agentId: agent.id, folderId: systemRandom.uuid(), epoch };
    await bench.store.apply('open-attempt', { ...opened, have: 'claimed', at: bench.clock.now() });
    agent.disconnect();
    for (let ms = 0; ms <= lostAfterMs; ms += lookEveryMs) {
      await run('find lost attempts');
      if (ms < lostAfterMs) await bench.clock.advance(lookEveryMs);
    }
    assert.equal((await bench.job(id)).state, 'lost');
    const audit = async () => {
      const events = await bench.store.queries.auditOf('default', `job:${id}`, 0, 100);
      return events.map(({ action }) => action);
    };

    await bench.clock.advance(correctionWindowMs);
    await run('close corrections');
    const within = await audit();
    await bench.clock.advance(1);
    await run('close corrections');

    assert.deepEqual([within.includes('job.secrets-wiped'), (await audit()).at(-1)], [false, 'job.secrets-wiped']);
  });
});
