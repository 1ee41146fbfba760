import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toDataFolder } from '../../agent/data-folder.ts';
import { requestTrust } from '../../agent/hub-guard.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { type Logger, silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { TransportError } from '../../transports/transport-error.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, testLimits, waitFor } from './agent-place.ts';

checkLeaks();

async function startWaiting(place: AgentPlace): Promise<string> {
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  return id;
}

test('A channel that is lost is made anew, and what ran runs on', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);

  for (let epoch = 2; epoch <= 5; epoch += 1) {
    for (const connection of place.network.connections) connection.cut();
    await place.hub.until(() => place.hub.leaseEpoch === epoch && agent.status().link.state === 'up', 'the link');
  }
  await place.open('go');

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  const epochs = place.hub.get(id).opens.map(({ leaseEpoch }) => leaseEpoch);
  assert.deepEqual(
    epochs,
    epochs.toSorted((one, other) => one - other),
  );
  assert.equal(place.hub.hellos.at(-1)?.attempts, 1);
});

test('A hub that is away, or does not know the key, is asked for ever and stops nothing', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);
  place.network.faults.dials = 'refused';
  await place.hub.cutControl();
  for (const connection of place.network.connections) connection.cut();
  await place.hub.until(() => agent.status().link.state === 'waiting', 'the link to be down');
  await place.open('go');
  await place.hub.until(() => agent.status().attempts[0]?.state === 'holding', 'the seal');

  place.network.faults.dials = 'answered';

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('An unauthorized agent tries again for ever', async () => {
  await using place = await createAgentPlace();
  let dials = 0;
  const refuse = async (): Promise<never> => {
    dials += 1;
    throw new TransportError('unauthorized', 'who?');
  };
  const capabilities = { sessions: true, maxEventBytes: 1_000_000 };
  const deaf = {
    url: 'deaf://hub',
    control: { name: 'deaf', capabilities, connect: refuse },
    session: { name: 'deaf', openSession: refuse },
  };

  const agent = await place.create({ ways: [deaf] });
  await place.hub.until(() => dials > 3, 'more dials');

  assert.equal(agent.state, 'serving');
});

test('A hub that does not say hello is hung up on', async () => {
  await using place = await createAgentPlace();
  place.hub.greets = false;
  const agent = await place.create({ limits: { ...testLimits, link: { ...testLimits.link, helloMs: 30 } } });
  await place.hub.until(() => place.hub.leaseEpoch >= 2, 'another dial');
  place.hub.greets = true;

  await agent.ready;
});

test('A hub of another protocol is left alone until it speaks this one', async () => {
  await using place = await createAgentPlace();
  place.hub.protocols = [99];
  const agent = await place.create();
  await place.hub.until(() => place.hub.leaseEpoch >= 2, 'another dial');
  assert.notEqual(agent.status().link.state, 'up');
  assert.match(JSON.stringify(agent.status().link), /speaks protocol 99/);

  place.hub.protocols = [99, 1];

  await agent.ready;
});

for (const [what, healthyMs, expected] of [
  ['grows while no channel holds', 1e9, [5, 10, 20]],
  ['is short again once a channel held', 0, [5, 5, 5]],
] as const)
  test(`The wait before another dial ${what}`, async () => {
    await using place = await createAgentPlace();
    const waits: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      child: () => logger,
      info(fields, message) {
        if (message === 'control channel ended, the next dial follows')
          waits.push('waitMs' in fields ? fields.waitMs : null);
      },
    };
    const random = { ...systemRandom, fraction: () => 0.5 };
    const link = { ...testLimits.link, healthyMs, firstRetryMs: 10, maxRetryMs: 1_000 };
    const agent = await place.start({ logger, random, limits: { ...testLimits, link } });

    for (let epoch = 1; epoch <= 3; epoch += 1) {
      await place.hub.until(() => place.hub.leaseEpoch === epoch && agent.status().link.state === 'up', 'the link');
      await place.hub.cutControl();
      await place.hub.until(() => waits.length === epoch, 'the end of the channel');
    }

    assert.deepEqual(waits, expected);
  });

for (const [name, swap] of [
  ['another store', (place: AgentPlace) => Object.assign(place.hub, { storeId: randomUUID() })],
  ['a store restored from before', (place: AgentPlace) => Object.assign(place.hub, { commits: 0 })],
] as const) {
  test(`A hub with ${name} gets nothing and stops nothing, until somebody on this machine trusts it`, async () => {
    await using place = await createAgentPlace();
    const agent = await place.start();
    const id = await startWaiting(place);

    swap(place);
    for (const connection of place.network.connections) connection.cut();
    await place.hub.until(() => agent.status().link.state === 'distrusted', 'the agent to notice');
    const opens = place.hub.get(id).opens.length;
    const offer = place.hub.offer({ automation: 'sh', parameters: { run: 'echo ran' } });
    await place.hub.cancel(id);
    await place.hub.until(() => place.hub.report(offer)?.reason === 'store-changed', 'a decline');
    assert.equal(place.hub.get(id).opens.length, opens);
    await place.hub.until(() => place.hub.agentReport?.health.state === 'store-changed', 'the report');
    assert.match(agent.status().health.problems.join(), /trust-hub/);
    place.hub.get(id).desired = 'run';

    await requestTrust(systemFileSystem, toDataFolder(place.data));
    assert.equal((await place.hub.result(offer)).outcome, 'succeeded');
    await place.open('go');
    assert.equal((await place.hub.result(id)).outcome, 'succeeded');
    assert.equal(existsSync(join(place.data, 'trust-hub')), false);
  });
}

test('A hub that knows of its starts is told on a new channel that it is trusted', async () => {
  await using place = await createAgentPlace();
  place.hub.startId = randomUUID();
  const agent = await place.start();
  Object.assign(place.hub, { storeId: randomUUID(), startId: randomUUID() });
  await place.hub.cutControl();
  await place.hub.until(() => agent.status().link.state === 'distrusted', 'the agent to notice');
  const epoch = place.hub.leaseEpoch;

  place.hub.commitsOfSeen = place.hub.commits;
  await requestTrust(systemFileSystem, toDataFolder(place.data));
  await place.hub.until(() => agent.status().link.state === 'up', 'the link');

  assert.ok(place.hub.leaseEpoch > epoch);
  assert.equal(place.hub.hellos.at(-1)?.seen?.startId, place.hub.startId);
});

test('What was seen of the store outlives the agent, and so does the distrust', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  await first[Symbol.asyncDispose]();
  place.hub.storeId = randomUUID();

  const second = await place.create();
  await place.hub.until(() => second.status().link.state === 'distrusted', 'the agent to notice');
  await second[Symbol.asyncDispose]();
  await requestTrust(systemFileSystem, toDataFolder(place.data));
  const third = await place.start();

  assert.equal(third.status().link.state, 'up');
});

test('A restored store is not trusted for having grown past what was seen of it, nor for a lease that was given before', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  await first[Symbol.asyncDispose]();
  place.hub.leaseEpoch -= 1;

  const second = await place.create();
  await place.hub.until(() => second.status().link.state === 'distrusted', 'the agent to notice');
  place.hub.commits += 1_000;
  for (const connection of place.network.connections) connection.cut();
  await place.hub.until(() => place.hub.leaseEpoch === 2 && place.hub.controlIsUp, 'the next channel');
  await place.hub.until(() => second.status().link.state === 'distrusted', 'the agent to judge it');
  await second[Symbol.asyncDispose]();
  const third = await place.create();
  await place.hub.until(() => third.status().link.state === 'distrusted', 'the next agent to remember');
  await requestTrust(systemFileSystem, toDataFolder(place.data));

  await third.ready;
});

test('A word of trust that was given while nothing was wrong is not kept for later', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  await requestTrust(systemFileSystem, toDataFolder(place.data));

  place.hub.storeId = randomUUID();
  for (const connection of place.network.connections) connection.cut();
  await place.hub.until(() => agent.status().link.state === 'distrusted', 'the agent to notice');
  await new Promise((resolve) => setTimeout(resolve, 100));

  assert.equal(agent.status().link.state, 'distrusted');
});
