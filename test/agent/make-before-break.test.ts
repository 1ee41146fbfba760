import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../../agent/agent.ts';
import { toDataFolder } from '../../agent/data-folder.ts';
import { requestTrust } from '../../agent/hub-guard.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

async function startWaiting(place: AgentPlace): Promise<string> {
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  return id;
}

/** The hub says that it is leaving; the one behind the same address from here on is not. */
async function announceLeaving({ hub }: AgentPlace): Promise<void> {
  hub.leaving = { reconnectInMs: 20 };
  await hub.hello();
  hub.leaving = null;
}

const offlineMs = (agent: Agent) => agent.status().counts.offlineMs;

test('An agent whose hub is leaving has another channel before it leaves the old one, and what runs runs on', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);
  const before = offlineMs(agent);
  const { connects } = agent.status().counts;

  await announceLeaving(place);
  await place.hub.until(() => agent.status().counts.connects === connects + 1, 'the other channel');
  const offer = place.hub.offer({ automation: 'sh', parameters: { run: 'echo over the other' } });
  const later = await place.hub.result(offer);
  await place.open('go');
  const running = await place.hub.result(id);

  assert.deepEqual([running.outcome, later.outcome], ['succeeded', 'succeeded']);
  assert.deepEqual([offlineMs(agent), agent.status().link.state], [before, 'up']);
  await place.hub.until(
    () => place.network.connections.filter(({ target }) => target === '/v1/control').length === 1,
    'the old channel to be closed',
  );
  assert.equal(place.hub.get(id).documentsSent, 1);
});

test('An agent stays with a hub that is leaving for as long as no other can be had', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const before = offlineMs(agent);
  place.network.faults.dials = 'refused';
  await announceLeaving(place);
  await delay(200);
  const epoch = place.hub.leaseEpoch;
  const offer = place.hub.offer({ automation: 'not-here' });
  await place.hub.until(() => place.hub.report(offer)?.reason === 'unknown-automation', 'an answer over the old one');

  place.network.faults.dials = 'answered';
  await place.hub.until(() => place.hub.leaseEpoch === epoch + 1, 'the other channel');
  await place.hub.until(() => agent.status().counts.connects === 2, 'the agent to take it');

  assert.equal(epoch, 1);
  assert.equal(offlineMs(agent), before);
});

test('An agent whose hub is gone before another was found dials as ever', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  place.network.faults.dials = 'refused';
  await announceLeaving(place);
  await delay(50);

  for (const connection of place.network.connections) connection.cut();
  await place.hub.until(() => agent.status().link.state === 'waiting', 'the link to be down');
  place.network.faults.dials = 'answered';
  await place.hub.until(() => agent.status().link.state === 'up', 'the link to be up');

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo back' } });
  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('An agent that leaves while it looks for another hub leaves at once, and nothing is left of it', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  place.network.faults.dials = 'hanging';
  await announceLeaving(place);
  await delay(50);

  await agent[Symbol.asyncDispose]();

  assert.deepEqual(place.network.connections, []);
});

test('An agent takes the channel that it was opening when the old one failed, and opens no second', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const controls = () => place.network.connections.filter(({ target }) => target === '/v1/control').length;
  place.network.faults.latencyMs = 500;
  await announceLeaving(place);
  await delay(400);

  // It comes while the other one is being dialled, and is more than an agent can make sense of.
  place.hub.commits = -1;
  await place.hub.hello();
  place.hub.commits = 1;
  await place.hub.until(() => agent.status().counts.connects === 2, 'the other channel');
  place.network.faults.latencyMs = 0;
  await place.hub.until(() => controls() === 1, 'the old channel to be closed');

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo on' } });
  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  assert.deepEqual([place.hub.leaseEpoch, controls()], [2, 1]);
});

test('An agent that distrusts a hub which is leaving sees on its next channel too that somebody trusts it', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  place.hub.storeId = randomUUID();
  for (const connection of place.network.connections) connection.cut();
  await place.hub.until(() => agent.status().link.state === 'distrusted', 'the agent to notice');
  const epoch = place.hub.leaseEpoch;
  await announceLeaving(place);
  await place.hub.until(() => place.hub.leaseEpoch === epoch + 1, 'the other channel');
  await place.hub.until(() => place.network.connections.length === 1, 'the old channel to be closed');

  await requestTrust(systemFileSystem, toDataFolder(place.data));

  await place.hub.until(() => agent.status().link.state === 'up', 'the agent to trust it');
});
