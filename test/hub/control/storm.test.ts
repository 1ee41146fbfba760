import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControlLink } from '../../../agent/control-link.ts';
import { defaultLinkLimits } from '../../../agent/link-limits.ts';
import type { LinkState } from '../../../agent/link-state.ts';
import { createSyncClients } from '../../../agent/sync-clients.ts';
import { protocolVersion } from '../../../protocol/hello.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { createWebsocketTransport } from '../../../transports/websocket/websocket-transport.ts';
import { reportOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createReplicaPlace, type Replica } from '../../support/replicas.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

checkLeaks();

const common = { clock: systemClock, random: systemRandom, logger: silentLogger };

/** A control link with what it synchronises, and no jobs. */
function runAgent(id: string, port: number, signal: AbortSignal) {
  const clients = createSyncClients({
    ...common,
    agentId: id,
    onResynced: () => {},
    jobs: { handler: { apply: async () => {} }, statuses: { list: async () => [], get: async () => null } },
    agents: {
      handler: { apply: async () => {} },
      statuses: { list: async () => [{ id, status: reportOf() }], get: async () => reportOf() },
    },
    facts: { statuses: { list: async () => [], get: async () => null } },
    nodes: { statuses: { list: async () => [], get: async () => null } },
    apps: { statuses: { list: async () => [], get: async () => null } },
  });
  const whys: string[] = [];
  const url = `ws://127.0.0.1:${port}`;
  const link = createControlLink({
    ...common,
    ways: [{ url, ...createWebsocketTransport({ ...common, url, limits: defaultLimits }) }],
    credential: { present: async () => `agent=${id}` },
    agentId: id,
    hello: () => ({ version: '0.0.0', bootId: id, protocols: [protocolVersion], attempts: 0, seen: null }),
    guard: { judge: async () => ({ type: 'trusted' }), heard: () => {}, seen: null, takeTrust: async () => false },
    router: clients.router,
    onChange: (state: LinkState) => {
      if (state.type === 'waiting') whys.push(state.why);
    },
    onTrusted: () => {},
    loops: createLoopBoard(systemClock),
    limits: { ...defaultLinkLimits, maxRetryMs: 1_000 },
  });
  const running = link.run(signal).then(() => clients[Symbol.asyncDispose]());
  return { link, whys, running };
}

function startCrowd(ids: readonly string[], port: number) {
  const leaving = new AbortController();
  const agents = ids.map((id) => runAgent(id, port, leaving.signal));
  return {
    agents,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await Promise.all(agents.map(({ running }) => running));
    },
  };
}

const count = 60;
const atOnce = 2;

async function allOnline(hub: Replica): Promise<void> {
  await until('all agents to be online', () => hub.fleet.count().online === count);
  await until('all of them to have arrived', () => hub.arrivals.arriving === 0);
}

test('Hundreds of agents that come at once, after a crash or a stop of their hub, are let in a few at a time, and all come back', async () => {
  await using place = await createReplicaPlace();
  const ids = Array.from({ length: count }, () => systemRandom.orderedUuid());
  await place.enrol(...ids);
  const first = await place.start();
  await using balancer = await startTcpProxy(first.port);
  await using crowd = startCrowd(ids, balancer.port);
  const { agents } = crowd;
  await allOnline(first);
  const restart = async (stop: () => Promise<void>) => {
    for (const { whys } of agents) whys.length = 0;
    const next = await place.start({ limits: { atOnce: { first: atOnce, least: atOnce, most: atOnce } }, judgeMs: 50 });
    balancer.leadTo(next.port);
    await stop();
    await allOnline(next);
    return next;
  };

  const second = await restart(async () => balancer.cut());
  const third = await restart(async () => second[Symbol.asyncDispose]());

  for (const hub of [second, third]) {
    assert.ok(hub.mostArriving <= atOnce, `${hub.mostArriving} were on their way in at a time`);
  }
  assert.ok(second.arrivals.deferred > 0, 'expected a crash to bring more agents at once than are let in');
  assert.ok(agents.every(({ whys }) => whys[0] === 'the hub is stopping'));
  const epochs = agents.map(({ link }) => (link.state.type === 'up' ? link.state.hub.leaseEpoch : 0));
  assert.ok(epochs.every((epoch) => epoch >= 3));
});
