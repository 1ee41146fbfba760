import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../../../protocol/agent.ts';
import { TransportError } from '../../../transports/transport-error.ts';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';

checkLeaks();

async function startAgent(hub: TestHub, name: string) {
  const agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name });
  await until('the agent to offer its automation', async () => (await hub.agent(name)).automations.length > 0);
  return agent;
}

/** A job whose document the agent has. */
async function startJob(hub: TestHub, agent: Awaited<ReturnType<typeof startAgent>>) {
  const job = await hub.submit({ automation: 'greet' });
  const { attempt } = await agent.nextOffer();
  const session = await agent.openSession(attempt);
  assert.equal((await session.next())?.type, 'job');
  return { id: job.id, attempt, session };
}

async function listAgents(hub: TestHub, query = ''): Promise<readonly Agent[]> {
  return ((await hub.call('GET', `/agents${query}`)).body as { items: readonly Agent[] }).items;
}

describe('an agent that is revoked', () => {
  it('is cut off at once, and told why when it comes again', async () => {
    await using hub = await startTestHub();
    await using agent = await startAgent(hub, 'a1');
    const { session, attempt } = await startJob(hub, agent);

    const answer = await hub.call('POST', '/agents/a1/revoke', { note: 'stolen' });
    const ends = await Promise.all([session.next(), agent.ended]);

    assert.equal(answer.status, 200);
    assert.equal(ends[0], null);
    const dials = [() => agent.connect(), () => agent.openSession(attempt)];
    for (const dial of dials) {
      await assert.rejects(dial, (error) => {
        assert.ok(error instanceof TransportError);
        assert.equal(error.code, 'unauthorized');
        assert.match(error.message, /this agent was revoked at \d{4}-/);
        return true;
      });
    }
  });

  it('is in no list but that of the revoked, and its name may join anew', async () => {
    await using hub = await startTestHub();
    await using agent = await startAgent(hub, 'a1');
    const { keyFingerprint } = await hub.agent('a1');

    await hub.call('POST', '/agents/a1/revoke', {});
    const again = await hub.call('POST', '/agents/a1/revoke', {});
    const [standing, revoked] = [await listAgents(hub), await listAgents(hub, '?revoked=true')];
    await using other = await startAgent(hub, 'a1');

    assert.match(keyFingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
    assert.equal(again.status, 404);
    assert.deepEqual(standing, []);
    assert.deepEqual(
      revoked.map((one) => [one.id, one.online, one.keyFingerprint, one.revokedAt !== null]),
      [[agent.id, false, keyFingerprint, true]],
    );
    assert.notEqual(other.id, agent.id);
    assert.deepEqual(
      (await listAgents(hub)).map(({ id, online }) => [id, online]),
      [[other.id, true]],
    );
  });

  it('leaves its jobs running until it was silent for too long', async () => {
    await using hub = await startTestHub({ lostAfterMs: 1_000 });
    await using agent = await startAgent(hub, 'a1');
    // Older than the time of silence: that begins with the cut, not with the hub.
    await delay(1_200);
    const { id } = await startJob(hub, agent);

    await hub.call('POST', '/agents/a1/revoke', {});
    const { state } = await hub.job(id);
    const lost = await hub.jobIn(id, 'lost');

    assert.equal(state, 'running');
    assert.deepEqual([lost.cause, lost.started], ['agent-lost', 'unknown']);
  });

  it('loses its jobs at once where that is asked for, and they say so', async () => {
    await using hub = await startTestHub();
    await using agent = await startAgent(hub, 'a1');
    const { id } = await startJob(hub, agent);

    await hub.call('POST', '/agents/a1/revoke', { loseJobs: true });
    const job = await hub.job(id);

    assert.deepEqual([job.state, job.cause], ['lost', 'agent-lost']);
    assert.match(job.message ?? '', /agent a1 was revoked/);
  });

  it('gives back at once what was only offered to it', async () => {
    await using hub = await startTestHub();
    await using agent = await startAgent(hub, 'a1');
    const job = await hub.submit({ automation: 'greet' });
    await agent.nextOffer();

    await hub.call('POST', '/agents/a1/revoke', {});
    const { state } = await hub.job(job.id);
    await using other = await startAgent(hub, 'a2');
    const offer = await other.nextOffer();

    assert.equal(state, 'queued');
    assert.equal(offer.automation, 'greet');
  });

  it('stays revoked when the hub is started anew', async () => {
    await using hub = await startTestHub();
    await using agent = await startAgent(hub, 'a1');
    await hub.call('POST', '/agents/a1/revoke', {});

    await hub.restart();

    await assert.rejects(() => agent.connect(), /this agent was revoked/);
    assert.deepEqual(await listAgents(hub), []);
  });
});

describe('an agent that is removed', () => {
  it('must be offline and done, and then the hub knows nothing of it', async () => {
    await using hub = await startTestHub();
    await using agent = await startAgent(hub, 'a1');
    const { id } = await startJob(hub, agent);

    const online = await hub.call('DELETE', '/agents/a1');
    await agent.hangUp();
    await until('the agent to be offline', async () => !(await hub.agent('a1')).online);
    const busy = await hub.call('DELETE', '/agents/a1');
    await hub.call('POST', '/agents/a1/revoke', { loseJobs: true });
    const lost = await hub.call('DELETE', `/agents/${agent.id}`);
    await using idle = await startAgent(hub, 'a2');
    await idle.hangUp();
    await until('the agent to be offline', async () => !(await hub.agent('a2')).online);
    const removed = await hub.call('DELETE', '/agents/a2');

    assert.equal(lost.status, 204);
    for (const { status, body } of [online, busy])
      assert.deepEqual([status, (body as { code: string }).code], [409, 'agent-in-use']);
    assert.equal(removed.status, 204);
    assert.deepEqual(await listAgents(hub), []);
    await assert.rejects(() => idle.connect(), /this hub does not know the agent/);
    assert.equal((await hub.job(id)).agent, 'a1');
  });
});
