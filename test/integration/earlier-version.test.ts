import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { findEarlierVersion } from '../support/earlier-version.ts';
import { createFaultPlace, type FaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks({ settleMs: 15_000 });

/** Before facts, users of jobs and most kinds: a hub of this version has an older store, and knows no facts. */
const earlier = findEarlierVersion('fb57276');

async function runWaiting(place: FaultPlace, gate: string): Promise<Job> {
  const job = await place.api.submit({ automation: 'job', parameters: { run: `say one; wait_for ${gate}; say two` } });
  return place.api.jobWhen(job.id, 'printing', ({ log }) => (log?.bytes ?? 0) > 0);
}

async function assertSucceeded(place: FaultPlace, { id }: Job): Promise<void> {
  const job = await place.api.end(id);
  assert.deepEqual([job.state, job.attempt, job.cause], ['succeeded', 1, 'exit-code'], job.message ?? '');
  await place.ledger.check(job, place.api);
}

async function assertCancels(place: FaultPlace): Promise<void> {
  const job = await runWaiting(place, 'never');
  assert.equal(await place.api.cancel(job.id), 202);
  assert.equal((await place.api.end(job.id)).state, 'cancelled');
}

async function assertFails(place: FaultPlace): Promise<void> {
  const job = await place.api.submit({ automation: 'job', parameters: { run: 'say no; exit 3' } });
  const { state, exitCode } = await place.api.end(job.id);
  assert.deepEqual([state, exitCode], ['failed', 3]);
}

describe('an earlier version of the program', { skip: earlier.skip }, () => {
  it('is followed by this one with jobs running, hub first, and comes back on the agent', async () => {
    await using old = earlier.unpack();
    await using place = await createFaultPlace();
    const { hub, api } = place;
    await hub.start({}, old.program);
    const agent = await place.addAgent('a1');
    await agent.start({}, old.program);
    await api.takesWork('a1');
    const ended = await api.submit({ automation: 'job', parameters: { run: 'say done' } });
    await api.end(ended.id);
    const first = await runWaiting(place, 'first');

    // The hub is the first to be replaced: the store is taken further, the job and its agent notice nothing.
    await hub.kill('SIGTERM');
    await hub.start();
    await api.takesWork('a1');
    await assertSucceeded(place, ended);
    await assertCancels(place);
    await assertFails(place);

    // Then the agent: the new one adopts what the old one started.
    await agent.kill('SIGTERM');
    await agent.start();
    await api.takesWork('a1');
    const second = await runWaiting(place, 'second');
    await place.open('first');
    await assertSucceeded(place, first);

    // And back: the old one adopts what the new one started.
    await agent.kill('SIGKILL');
    await agent.start({}, old.program);
    await api.takesWork('a1');
    await place.open('second');
    await assertSucceeded(place, second);
    await assertCancels(place);

    // The hub does not go back: it refuses a store that this version took further, and leaves it as it is.
    await hub.kill('SIGTERM');
    const refused = await hub.launch({}, old.program).ended;
    assert.equal(refused.exitCode, 2, refused.stderr);
    assert.match(refused.stderr, /the store has schema \d+, and this farhand knows 1: run the newer farhand/);
    await hub.start();
    await assertSucceeded(place, second);
  });

  it('is a hub that an agent of this version works for', async () => {
    await using old = earlier.unpack();
    await using place = await createFaultPlace();
    await place.hub.start({}, old.program);
    const agent = await place.addAgent('a1', { FARHAND_PROBES: 'shipped' });
    await agent.start();
    await place.api.takesWork('a1');

    const job = await runWaiting(place, 'here');
    await assertCancels(place);
    await assertFails(place);
    await agent.kill('SIGKILL');
    await agent.start();
    await place.open('here');

    await assertSucceeded(place, job);
  });
});
