import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatEventType, resourceTypes } from '../../../protocol/event-type.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { hashStatus } from '../../../sync/status-hash.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { sampleApp, sampleCluster, sampleNode } from '../../support/sample-inventory.ts';
import { createInventoryWorld, type InventoryAgent } from './inventory-world.ts';

checkLeaks();

function fill(agent: InventoryAgent, count: number): void {
  for (let index = 0; index < count; index++) {
    const app = sampleApp(`app-${String(index).padStart(5, '0')}`);
    agent.apps.set(app.id, app);
  }
}

function statusEvent(agent: InventoryAgent, id: string, data: JsonValue, cluster = agent.id) {
  return {
    specversion: '1.0' as const,
    id: crypto.randomUUID(),
    source: agent.id,
    type: formatEventType({ resource: resourceTypes.apps, part: 'status', action: 'update_request' }),
    clustername: cluster,
    resourceid: id,
    resourceversion: 0,
    sequenceid: '9000000000000000000',
    data,
  };
}

describe('nodes and apps of a cluster', () => {
  it('are asked for when the agent says that it watches one, and not before', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    agent.nodes?.set('edge/n1', sampleNode('n1'));
    fill(agent, 3);

    await agent.connect();
    agent.inventory.reported([]);
    await world.settle();
    const quiet = agent.events.filter(({ way }) => way === 'down').length;
    agent.inventory.reported([sampleCluster()]);
    await world.settle();

    assert.equal(quiet, 0);
    assert.deepEqual(await world.names('nodes'), ['n1']);
    assert.deepEqual(await world.names('apps'), ['app-00000', 'app-00001', 'app-00002']);
  });

  it('cost some hundred bytes over a new link when nothing changed, and what changed when something did', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    fill(agent, 2_000);
    await agent.connect();
    agent.inventory.reported([sampleCluster()]);
    await world.settle();
    const whole = agent.events.reduce((sum, { bytes }) => sum + bytes, 0);
    const stored = (await world.names('apps')).length;
    const commits = world.bench.store.commits();

    await agent.connect();
    await world.settle();
    const same = agent.events.reduce((sum, { bytes }) => sum + bytes, 0);
    const unwritten = world.bench.store.commits() - commits;
    await agent.disconnect();
    const [first, second] = agent.apps.values();
    for (const app of [...agent.apps.values()].slice(2, 12)) agent.apps.set(app.id, { ...app, state: 'degraded' });
    agent.apps.delete(first?.id ?? '');
    agent.apps.delete(second?.id ?? '');
    await agent.connect();
    await world.settle();
    const changed = agent.events.filter(({ event }) => event.resourceid !== undefined).length;
    const afterwards = agent.events.reduce((sum, { bytes }) => sum + bytes, 0);

    assert.equal(stored, 2_000);
    assert.ok(same < 2_000, `${same} bytes of ${whole}`);
    assert.equal(unwritten, 0);
    assert.equal(changed, 10);
    assert.ok(afterwards < whole * 0.05, `${afterwards} bytes of ${whole}`);
    const names = await world.names('apps');
    assert.equal(names.length, 1_998);
    assert.equal(names[0], 'app-00002');
  });

  it('change and go at once while there is a link', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    fill(agent, 3);
    await agent.connect();
    agent.inventory.reported([sampleCluster()]);
    await world.settle();

    const [first, second] = [...agent.apps.values()];
    agent.apps.delete(first?.id ?? '');
    agent.appsClient.retractStatus(first?.id ?? '');
    if (second !== undefined) agent.apps.set(second.id, { ...second, name: 'renamed' });
    agent.appsClient.publishStatus(second?.id ?? '');
    await world.settle();

    assert.deepEqual(await world.names('apps'), ['app-00002', 'renamed']);
  });

  it('stay when the agent has not listed its cluster yet, and are compared as soon as it has', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    for (const name of ['n1', 'n2']) agent.nodes?.set(`edge/${name}`, sampleNode(name));
    await agent.connect();
    agent.inventory.reported([sampleCluster()]);
    await world.settle();
    await agent.disconnect();
    const known = agent.nodes;
    known?.delete('edge/n2');

    agent.nodes = null;
    await agent.connect();
    const beginning = { state: 'beginning', since: '2026-01-02T00:00:00.000Z', message: null } as const;
    agent.inventory.reported([sampleCluster({ nodes: beginning })]);
    await world.settle();
    const before = await world.names('nodes');
    agent.nodes = known;
    agent.inventory.reported([sampleCluster()]);
    await world.settle();

    assert.deepEqual(before, ['n1', 'n2']);
    assert.deepEqual(await world.names('nodes'), ['n1']);
  });

  it('are asked for again where another version of the hub stored them', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    fill(agent, 2);
    const changes = [...agent.apps.values()].map((app) => {
      const { id: resourceId, name, cluster, namespace, kind, state } = app;
      const item = { resourceId, name, cluster, namespace, kind, state, labels: {}, report: { name: 'old' } };
      const mark = { hash: hashStatus(app), shape: 'of an earlier version' };
      return { type: 'put', list: 'apps', item: { ...item, ...mark } } as const;
    });
    const gone = { ...changes[0]?.item, resourceId: 'edge/shop/deployment/gone', name: 'gone' } as NonNullable<
      (typeof changes)[0]
    >['item'];
    await world.bench.store.apply('record-inventory', {
      agentId: agent.id,
      changes: [...changes, { type: 'put', list: 'apps', item: gone }],
      at: 1,
    });

    await agent.connect();
    await world.settle();

    assert.deepEqual(await world.names('apps'), ['app-00000', 'app-00001']);
  });

  it('that are not what they should be are refused, each with one word, and touch nobody else', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    const other = await world.agent('a2');
    for (const one of [agent, other]) {
      fill(one, 2);
      await one.connect();
      one.inventory.reported([sampleCluster()]);
    }
    await world.settle();
    const before = await world.names('apps');
    const evil = sampleApp('evil');
    const malformed = world.counts.malformed;

    agent.inject(statusEvent(agent, evil.id, { ...evil, images: Array.from({ length: 64 }, () => 'x'.repeat(1000)) }));
    agent.inject(statusEvent(agent, 'edge/a', 'no object'));
    agent.inject(statusEvent(agent, 'edge/b', { ...evil, instances: { wanted: -1 } }));
    agent.inject(statusEvent(agent, 'lab/c', { ...evil, id: 'lab/c' }));
    await world.settle();
    const refused = world.counts.malformed - malformed;
    agent.inject(statusEvent(agent, 'edge/shop/deployment/app-00000', evil));
    agent.inject(statusEvent(agent, evil.id, evil, other.id));
    await world.settle();

    assert.equal(refused, 4);
    assert.deepEqual([world.counts['handler-failed'], world.counts['wrong-cluster']], [1, 1]);
    assert.deepEqual(await world.names('apps'), before);
  });

  it('that change without end are stored as fast as their agent may, the newest at last, and delay no other agent', async () => {
    await using world = await createInventoryWorld({ atOnce: 200, refillEveryMs: 100 });
    const loud = await world.agent('loud');
    const calm = await world.agent('calm');
    fill(loud, 100);
    for (const one of [loud, calm]) {
      await one.connect();
      one.inventory.reported([sampleCluster()]);
    }
    await world.settle();
    for (let wanted = 3; wanted < 10; wanted++) {
      for (const app of loud.apps.values()) {
        loud.apps.set(app.id, { ...app, instances: { ...app.instances, wanted } });
        loud.appsClient.publishStatus(app.id);
      }
      await world.settle();
    }
    const app = sampleApp('calm');
    calm.apps.set(app.id, app);
    calm.appsClient.publishStatus(app.id);
    await world.settle();
    const filter = { agent: 'loud', cluster: null, namespace: null, kinds: [], states: [], namePrefix: '', labels: [] };
    const wantedOf = async () => {
      const found = await world.bench.store.queries.inventory('default', 'apps', { filter, limit: 200, cursor: null });
      return new Set(found.items.map(({ report }) => (report['instances'] as { wanted: number }).wanted));
    };
    const during = await wantedOf();
    const isCalmStored = (await world.names('apps')).includes('calm');
    for (let second = 0; second < 30; second++) {
      await world.clock.advance(1_000);
      await world.settle();
    }

    assert.equal(isCalmStored, true);
    assert.equal(during.has(9), false);
    assert.deepEqual(await wantedOf(), new Set([9]));
  });

  it('wait for a store that has no room, and are stored once it has', async () => {
    await using world = await createInventoryWorld();
    const agent = await world.agent('a1');
    fill(agent, 100);
    const resume = world.failStore();
    await agent.connect();
    agent.inventory.reported([sampleCluster()]);
    await world.settle();
    const before = await world.names('apps');

    resume();
    await world.clock.advance(5_000);
    await world.settle();

    assert.deepEqual([before.length, (await world.names('apps')).length], [0, 100]);
    assert.equal(world.counts['handler-failed'], 0);
  });
});
