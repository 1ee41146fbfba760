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
  it('is followed by this one with jobs running: the hub first, then the agent', async () => {
    await using old = earlier.unpack();
    await using place = await createFaultPlace();
    const { hub, api } = place;
    await hub.start({}, old.program);
    const agent = await place.addAgent('a1');
    await agent.start({}, old.program);
    await api.takesWork('a1');
    const ended = await api.submit({ automation: 'job', parameters: { run: 'say done' } });
    await api.end(ended.id);
    const running = await runWaiting(place, 'go');

    // The store is taken further; the job and its agent notice nothing.
    await hub.kill('SIGTERM');
    await hub.start();
    await api.takesWork('a1');
    await assertSucceeded(place, ended);
    await assertCancels(place);
    await assertFails(place);
    // The new agent adopts what the old one started.
    await agent.kill('SIGTERM');
    await agent.start();
    await place.open('go');

    await assertSucceeded(place, running);
  });

  it('adopts, as an agent, what this one started', async () => {
    await using old = earlier.unpack();
    await using place = await createFaultPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1');
    await agent.start();
    await place.api.takesWork('a1');
    const running = await runWaiting(place, 'go');

    await agent.kill('SIGKILL');
    await agent.start({}, old.program);
    await place.api.takesWork('a1');
    await place.open('go');

    await assertSucceeded(place, running);
    await assertCancels(place);
  });

  it('refuses, as a hub, a store that this one took further, and leaves it as it is', async () => {
    await using old = earlier.unpack();
    await using place = await createFaultPlace();
    const { hub, api } = place;
    await hub.start();
    const { id } = await api.submit({ automation: 'job', parameters: { run: 'say done' } });
    await hub.kill('SIGTERM');

    const refused = await hub.launch({}, old.program).ended;

    assert.equal(refused.exitCode, 2, refused.stderr);
    assert.match(refused.stderr, /the store has schema \d+, and this farhand knows 1: run the newer farhand/);
    await hub.start();
    assert.equal((await api.job(id)).state, 'queued');
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
