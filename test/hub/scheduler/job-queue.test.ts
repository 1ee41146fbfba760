import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBefore, JobQueue, type QueuedJob } from '../../../hub/scheduler/job-queue.ts';

function job(id: string, over: Partial<QueuedJob> = {}): QueuedJob {
  return {
    id,
    account: 'a',
    automation: 'greet',
    selector: '',
    priority: 0,
    createdAt: 0,
    digest: null,
    misfits: [],
    ...over,
  };
}

/** Takes jobs as a scheduler with one slot would. */
function drain(queue: JobQueue, count: number): string[] {
  const taken: string[] = [];
  for (let index = 0; index < count; index++) {
    const [account] = queue.accountsByTurn();
    if (account === undefined) break;
    const head = queue.lanes(account)[0]?.jobs[0];
    assert.ok(head !== undefined);
    queue.tookTurn(account);
    queue.remove(head.id);
    taken.push(head.id);
  }
  return taken;
}

describe('the job queue', () => {
  it('lets an account that could not be served catch nothing up', () => {
    const queue = new JobQueue();
    for (const account of ['a', 'b']) {
      for (let index = 0; index < 10; index++) queue.add(job(`${account}${index}`, { account }));
    }
    // No agent takes jobs of `a` meanwhile.
    for (let index = 0; index < 6; index++) {
      queue.tookTurn('b');
      queue.remove(`b${index}`);
    }

    const ofB = drain(queue, 8).filter((id) => id.startsWith('b'));
    assert.deepEqual(ofB, ['b6', 'b7', 'b8']);
  });

  it('counts the jobs of each account', () => {
    const queue = new JobQueue();
    queue.add(job('1'));
    queue.add(job('1'));
    queue.add(job('2', { selector: 'site=ams' }));
    queue.add(job('3', { account: 'b' }));
    queue.remove('1');
    queue.remove('1');

    const counts = ['a', 'b', 'c'].map((account) => queue.sizeOf(account));
    queue.remove('2');

    assert.deepEqual([...counts, queue.sizeOf('a')], [1, 1, 0, 0]);
  });

  it('serves ten jobs of a newcomer among the next twenty-five, however many another account has queued', () => {
    const queue = new JobQueue();
    for (let index = 0; index < 1000; index++) queue.add(job(`a${String(index).padStart(4, '0')}`));
    drain(queue, 100);
    for (let index = 0; index < 10; index++) queue.add(job(`b${index}`, { account: 'b' }));

    const next = drain(queue, 25);

    assert.equal(next.filter((id) => id.startsWith('b')).length, 10);
  });

  it('gives a newcomer no more than its turns beside an account that nobody can serve', () => {
    const queue = new JobQueue();
    queue.add(job('x', { account: 'unserved', automation: 'nowhere' }));
    for (let index = 0; index < 100; index++) queue.add(job(`a${String(index).padStart(4, '0')}`));
    const take = () => {
      const account = queue.accountsByTurn().find((name) => name !== 'unserved') ?? '';
      const head = queue.lanes(account)[0]?.jobs[0];
      queue.tookTurn(account);
      queue.remove(head?.id ?? '');
      return account;
    };
    for (let turn = 0; turn < 50; turn++) take();
    for (let index = 0; index < 20; index++) queue.add(job(`b${index}`, { account: 'b' }));

    const next = Array.from({ length: 10 }, take);

    assert.equal(next.filter((account) => account === 'b').length, 5);
  });

  it('lets nobody go first again by coming with one job at a time', () => {
    const queue = new JobQueue();
    for (let index = 0; index < 20; index++) queue.add(job(`a${String(index).padStart(4, '0')}`));
    const served: string[] = [];

    for (let turn = 0; turn < 10; turn++) {
      if (queue.accountsByTurn().length === 1) queue.add(job(`b${turn}`, { account: 'b' }));
      served.push(...drain(queue, 1).map((id) => id.slice(0, 1)));
    }

    assert.equal(served.filter((account) => account === 'a').length, 5);
  });

  it('serves the higher priority first, then the older, across lanes of one account', () => {
    const queue = new JobQueue();
    queue.add(job('1'));
    queue.add(job('2', { priority: 5, selector: 'site=ams' }));
    queue.add(job('3', { priority: 5, automation: 'other' }));
    queue.add(job('0', { priority: -1 }));

    assert.deepEqual(drain(queue, 4), ['2', '3', '1', '0']);
  });

  it('keeps every lane in order whatever is added and removed', () => {
    const operation = fc.record({
      id: fc.integer({ min: 0, max: 30 }),
      priority: fc.integer({ min: -2, max: 2 }),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const queue = new JobQueue();
        const expected = new Map<string, QueuedJob>();
        for (const { id, priority, add } of operations) {
          const key = String(id).padStart(2, '0');
          if (add) {
            queue.add(job(key, { priority }));
            if (!expected.has(key)) expected.set(key, job(key, { priority }));
          } else {
            queue.remove(key);
            expected.delete(key);
          }
        }

        const order = [...expected.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ id }) => id);
        assert.equal(queue.size, expected.size);
        assert.deepEqual(drain(queue, 1000), order);
      }),
    );
  });
});
