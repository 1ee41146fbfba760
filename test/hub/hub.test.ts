import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startFakeAgent } from '../support/fake-agent.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { startTestHub } from '../support/test-hub.ts';
import { automationOf } from './scheduler/scheduler-bench.ts';
import { resultFor } from './sessions/session-bench.ts';

checkLeaks();

describe('a hub with its agents', () => {
  it('offers a job to an agent that fits, and ends it by the result of its session', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });

    const { id } = await hub.submit({ automation: 'greet', parameters: { name: 'ada' } });
    const offer = await agent.nextOffer();
    const session = await agent.openSession(offer.attempt);
    const frame = await session.next();
    await session.send({ type: 'log', offset: 0, at: Date.now(), bytes: Buffer.from('hello') });
    await session.send({ type: 'result', result: resultFor('hello') });
    const job = await hub.jobIn(id, 'succeeded');

    assert.equal(offer.job, id);
    assert.deepEqual(frame?.type === 'job' && frame.document?.parameters, { name: 'ada' });
    assert.equal(job.agent, 'a1');
    assert.equal(job.attempt, 1);
    assert.equal(job.log?.bytes, 5);
  });

  it('says of each agent why a job waits', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken();
    await using busy = await startFakeAgent({ hub: hub.address, joinToken, name: 'busy' });
    await using other = await startFakeAgent({ hub: hub.address, joinToken, name: 'other', automations: ['else'] });
    await hub.submit({ automation: 'greet' });
    await busy.nextOffer();

    const { id } = await hub.submit({ automation: 'greet' });
    const job = await hub.job(id);

    assert.deepEqual(
      [...job.waiting].sort((a, b) => a.agent.localeCompare(b.agent)),
      [
        { agent: 'busy', reason: 'slots' },
        { agent: 'other', reason: 'automation' },
      ],
    );
    assert.ok(other.id);
  });

  it('offers a declined job to another agent', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken();
    await using first = await startFakeAgent({ hub: hub.address, joinToken, name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet' });
    const offer = await first.nextOffer();
    await using second = await startFakeAgent({ hub: hub.address, joinToken, name: 'a2' });

    first.say(offer.attempt, { phase: 'declined', reason: 'no-slot' });
    const again = await second.nextOffer();

    assert.equal(again.job, id);
    assert.notEqual(again.attempt, offer.attempt);
  });

  it('prefers the agent with the least load', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken();
    await using small = await startFakeAgent({ hub: hub.address, joinToken, name: 'small', slots: 2 });
    await hub.submit({ automation: 'greet' });
    await small.nextOffer();
    await using large = await startFakeAgent({ hub: hub.address, joinToken, name: 'large', slots: 8 });
    while (!(await hub.agent('large')).online || (await hub.agent('large')).slots.total === 0);

    const { id } = await hub.submit({ automation: 'greet' });

    assert.equal((await large.nextOffer()).job, id);
  });

  it('tells an agent to drain, and offers it nothing then', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });

    const drained = await hub.call('POST', '/agents/a1/drain', { note: 'new kernel' });
    const { id } = await hub.submit({ automation: 'greet' });
    const job = await hub.job(id);
    await hub.call('POST', '/agents/a1/resume', {});

    assert.equal(drained.status, 202);
    assert.deepEqual(job.waiting, [{ agent: 'a1', reason: 'draining' }]);
    assert.equal((await agent.nextOffer()).job, id);
  });

  it('tells a running job to stop', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet' });
    const offer = await agent.nextOffer();
    const session = await agent.openSession(offer.attempt);
    await session.next();
    agent.say(offer.attempt, { phase: 'running', startedAt: new Date().toISOString() });

    await hub.call('POST', `/jobs/${id}/cancel`);
    let wish = await agent.nextOffer();
    while (wish.desired !== 'cancel') wish = await agent.nextOffer();
    await session.send({
      type: 'result',
      result: resultFor('', { outcome: 'cancelled', cause: 'cancelled', exitCode: null, outputs: null }),
    });

    assert.equal(wish.attempt, offer.attempt);
    assert.equal((await hub.jobIn(id, 'cancelled')).cause, 'cancelled');
  });

  it('calls a job lost whose agent stays silent, and corrects it by a late result', async () => {
    await using hub = await startTestHub({ lostAfterMs: 200 });
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet' });
    const offer = await agent.nextOffer();
    const session = await agent.openSession(offer.attempt);
    await session.next();
    await session.channel.close();
    await agent.hangUp();
    const lost = await hub.jobIn(id, 'lost');

    await agent.connect();
    const late = await agent.openSession(offer.attempt, { have: 'ended', needsDocument: false });
    await late.next();
    await late.send({ type: 'result', result: resultFor('') });

    assert.equal(lost.cause, 'agent-lost');
    assert.equal((await hub.jobIn(id, 'succeeded')).cause, 'exit-code');
  });

  it('counts the slot of a job that was called lost, until its agent says how it ended', async () => {
    await using hub = await startTestHub({ lostAfterMs: 200 });
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const first = await hub.submit({ automation: 'greet' });
    const { attempt } = await agent.nextOffer();
    const session = await agent.openSession(attempt);
    await session.next();
    await session.channel.close();
    await agent.hangUp();
    await hub.jobIn(first.id, 'lost');

    await agent.connect();
    const second = await hub.submit({ automation: 'greet' });
    await delay(100);
    const { state, waiting } = await hub.job(second.id);
    const late = await agent.openSession(attempt, { have: 'ended', needsDocument: false });
    await late.next();
    await late.send({ type: 'result', result: resultFor('') });
    let offer = await agent.nextOffer();
    while (offer.attempt === attempt) offer = await agent.nextOffer();

    assert.equal(state, 'queued');
    assert.deepEqual(waiting, [{ agent: 'a1', reason: 'slots' }]);
    assert.equal(offer.job, second.id);
  });

  it('tells an agent to stop a job that was cancelled while it was away, whatever hub it comes back to', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet' });
    const { attempt } = await agent.nextOffer();
    const session = await agent.openSession(attempt);
    await session.next();
    await session.channel.close();
    await agent.hangUp();

    await hub.call('POST', `/jobs/${id}/cancel`);
    await hub.restart();
    await agent.connect();
    let wish = await agent.nextOffer();
    while (wish.desired !== 'cancel') wish = await agent.nextOffer();
    const again = await agent.openSession(attempt, { have: 'started', needsDocument: false });
    const frame = await again.next();

    assert.equal(wish.attempt, attempt);
    assert.equal(frame?.type === 'job' && frame.desired, 'cancel');
    assert.equal((await hub.job(id)).state, 'running');
  });

  it('does not call a job lost whose agent has lost its control channel, while its session speaks', async () => {
    const lostAfterMs = 200;
    await using hub = await startTestHub({ lostAfterMs });
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet' });
    const session = await agent.openSession((await agent.nextOffer()).attempt);
    await session.next();

    await agent.hangUp();
    await delay(4 * lostAfterMs);
    const meanwhile = await hub.job(id);
    await session.channel.close();

    assert.equal(meanwhile.state, 'running');
    assert.equal((await hub.jobIn(id, 'lost')).cause, 'agent-lost');
  });

  it('does not run a job again because another form of its automation may be', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet', retry: { limit: 1, on: ['process-lost'] } });
    const session = await agent.openSession((await agent.nextOffer()).attempt);
    await session.next();

    agent.report({ automations: [automationOf({ digest: 'e'.repeat(64), retrySafe: true })] });
    while ((await hub.agent('a1')).automations[0]?.digest !== 'e'.repeat(64));
    await session.send({
      type: 'result',
      result: resultFor('', { outcome: 'lost', cause: 'process-lost', exitCode: null, outputs: null }),
    });
    while ((await session.next())?.type !== 'accepted');

    assert.equal((await hub.job(id)).state, 'lost');
  });

  it('shows the progress of the attempt that runs, and nothing of an earlier one', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const { id } = await hub.submit({ automation: 'greet' });
    const first = await agent.openSession((await agent.nextOffer()).attempt);
    await first.next();
    await first.send({ type: 'progress', percent: 90, message: null, outputs: null });
    while ((await hub.job(id)).progress === null);
    const before = await hub.job(id);
    await first.send({
      type: 'result',
      result: resultFor('', { outcome: 'never-started', cause: 'start-failed', started: false, exitCode: null }),
    });

    const second = await agent.openSession((await agent.nextOffer()).attempt);
    await second.next();
    const after = await hub.job(id);

    assert.equal(before.progress?.percent, 90);
    assert.equal(after.attempt, 2);
    assert.equal(after.progress, null);
  });

  it('goes on where it was after a restart: queued, offered and running jobs', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({
      hub: hub.address,
      joinToken: await hub.joinToken(),
      name: 'a1',
      slots: 2,
    });
    const jobs = [];
    for (let index = 0; index < 3; index++) jobs.push(await hub.submit({ automation: 'greet' }));
    const first = await agent.nextOffer();
    await agent.nextOffer();
    await (await agent.openSession(first.attempt)).next();

    await hub.restart();
    await agent.connect();
    const again = await agent.openSession(first.attempt, { have: 'started', needsDocument: false });
    await again.next();
    await again.send({ type: 'result', result: resultFor('') });

    await hub.jobIn(first.job, 'succeeded');
    let offer = await agent.nextOffer();
    while (offer.job !== jobs[2]?.id) offer = await agent.nextOffer();
    assert.equal((await hub.job(offer.job)).state, 'offered');
  });

  it("serves every account with the hub's own agents, in turns", async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    const busy = await hub.tokenFor('busy');
    const late = await hub.tokenFor('late');
    for (let index = 0; index < 40; index++) await hub.submit({ automation: 'greet' }, busy);
    const tens = new Set<string>();
    for (let index = 0; index < 10; index++) tens.add((await hub.submit({ automation: 'greet' }, late)).id);

    let ofLate = 0;
    for (let ended = 0; ended < 25; ended++) {
      const offer = await agent.nextOffer();
      const session = await agent.openSession(offer.attempt);
      await session.next();
      await session.send({ type: 'result', result: resultFor('') });
      while ((await session.next())?.type !== 'accepted');
      if (tens.has(offer.job)) ofLate++;
    }

    assert.equal(ofLate, 10);
  });

  it('keeps agents of another account to that account', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken({ account: 'own' });
    await using agent = await startFakeAgent({ hub: hub.address, joinToken, name: 'a1' });

    const foreign = await hub.submit({ automation: 'greet' }, await hub.tokenFor('other'));
    const own = await hub.submit({ automation: 'greet' }, await hub.tokenFor('own'));

    assert.equal((await agent.nextOffer()).job, own.id);
    assert.deepEqual(foreign.waiting, []);
  });
});
