import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adoptStore } from '../../../hub/backup/adopt-store.ts';
import type { AttemptRecord, JobRecord } from '../../../hub/store/records.ts';
import type { Store } from '../../../hub/store/store.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const idOf = (index: number) => String(index).padStart(6, '0');

function pageOf<Row extends { readonly id: string }>(rows: readonly Row[]) {
  return async (after: string | null, limit: number) => rows.filter(({ id }) => id > (after ?? '')).slice(0, limit);
}

/** A store with so many open attempts, every other one of them offered, and so many queued jobs. */
function storeOf({ attempts, queued }: { readonly attempts: number; readonly queued: number }) {
  const asked = new Map<string, string[]>();
  const open = Array.from({ length: attempts }, (_, index) => {
    return { id: idOf(index), jobId: idOf(index), state: index % 2 === 0 ? 'offered' : 'running' } as AttemptRecord;
  });
  const waiting = Array.from({ length: queued }, (_, index) => ({ id: idOf(index) }) as JobRecord);
  const store = {
    queries: {
      allOpenAttempts: pageOf(open),
      queuedJobs: pageOf(waiting),
      allAgents: async () => [{ name: 'b' }, { name: 'a' }],
    },
    async apply(name: string, input: { attemptIds?: string[]; jobIds?: string[]; offered?: string[] }) {
      asked.set(name, [...(asked.get(name) ?? []), ...(input.attemptIds ?? input.jobIds ?? input.offered ?? [])]);
      return null;
    },
  } as unknown as Store;
  return { store, asked };
}

it('A restored store is told of everything that was open in it, however much that is', async () => {
  const { store, asked } = storeOf({ attempts: 1_200, queued: 1_001 });
  const removedLogs = Array.from({ length: 1_001 }, (_, index) => idOf(index));
  const clock = createVirtualClock();

  const adopted = await adoptStore(store, { madeAt: 'then', removedLogs, cancelQueued: true, clock });

  assert.deepEqual(adopted, { queued: 1_001, running: 1_200, agents: ['a', 'b'] });
  assert.deepEqual(asked.get('miss-logs'), removedLogs);
  assert.equal(asked.get('adopt-copy')?.length, 600);
  assert.equal(new Set(asked.get('cancel-copied')).size, 1_001);
});

it('A restored store keeps what waited unless it is to be cancelled', async () => {
  const { store, asked } = storeOf({ attempts: 0, queued: 3 });
  const clock = createVirtualClock();

  const adopted = await adoptStore(store, { madeAt: 'then', removedLogs: [], cancelQueued: false, clock });

  assert.equal(adopted.queued, 3);
  assert.deepEqual([...asked.keys()], ['adopt-copy']);
});
