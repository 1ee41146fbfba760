import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { App } from '../../../protocol/inventory.ts';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { sampleApp, sampleCluster } from '../../support/sample-inventory.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';

checkLeaks();

async function find(hub: TestHub, query: string): Promise<readonly App[]> {
  const { body } = await hub.call('GET', `/apps?limit=500&${query}`);
  return (body as { items: readonly App[] }).items;
}

async function count(hub: TestHub, metric: string): Promise<number> {
  const text = await (await fetch(`${hub.address}/metrics`)).text();
  return Number(new RegExp(`^${metric} (\\d+)`, 'm').exec(text)?.[1]);
}

it('thousands of apps are on the hub once, and ten that change are ten, also to a hub that was started anew', async () => {
  await using hub = await startTestHub();
  const { body } = await hub.call('POST', '/join-tokens', {});
  await using agent = await startFakeAgent({
    hub: hub.address,
    joinToken: (body as { token: string }).token,
    name: 'a1',
  });
  const apps = Array.from({ length: 2_000 }, (_, index) => sampleApp(`app-${String(index).padStart(4, '0')}`));

  agent.tellInventory({ nodes: [], apps });
  agent.report({ clusters: [sampleCluster()] });
  await until('the last to be stored', async () => (await find(hub, 'name=app-1999')).length === 1);
  await until('the first to be stored', async () => (await find(hub, 'name=app-00')).length === 100);
  await agent.hangUp();
  const [offline] = await find(hub, 'name=app-0000');
  await agent.connect();
  await until('the agent to be back', async () => (await find(hub, 'name=app-0000'))[0]?.stale === null);
  const changed = apps.map((app, index) => (index < 10 ? { ...app, state: 'degraded' as const } : app)).slice(0, -1);
  await agent.hangUp();
  await hub.restart();
  agent.tellInventory({ nodes: [], apps: changed });
  await agent.connect();
  await until('what changed to be stored', async () => (await find(hub, 'state=degraded')).length === 10);
  await until('what is gone to be gone', async () => (await find(hub, 'name=app-1999')).length === 0);
  const events = await count(hub, 'farhand_hub_events_total\\{what="received"\\}');

  assert.equal(offline?.stale?.reason, 'agent-offline');
  assert.ok(events < 100, `${events} events for eleven changes`);
});
