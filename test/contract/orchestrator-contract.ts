import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Orchestrator } from '../../agent/orchestrators/orchestrator.ts';
import { AppReport } from '../../protocol/app.ts';
import { InventoryState } from '../../protocol/cluster.ts';
import { NodeReport } from '../../protocol/node.ts';
import { until } from '../support/until.ts';
import type { OrchestratedCluster, OrchestratorHarness } from './orchestrator-harness.ts';

interface Watched extends AsyncDisposable {
  readonly cluster: OrchestratedCluster;
  readonly orchestrator: Orchestrator;
  /** Calls of the listener since the last look. */
  readonly told: string[];
}

/** What every orchestrator must do. */
export function testOrchestrator(harness: OrchestratorHarness): void {
  async function watch(prepare: (cluster: OrchestratedCluster) => Promise<void> = async () => {}): Promise<Watched> {
    const cluster = await harness.open();
    await prepare(cluster);
    const told: string[] = [];
    const orchestrator = cluster.start({
      nodeChanged: (id) => void told.push(`node ${id}`),
      appChanged: (id) => void told.push(`app ${id}`),
      clusterChanged: () => void told.push('cluster'),
    });
    return {
      cluster,
      orchestrator,
      told,
      async [Symbol.asyncDispose]() {
        await orchestrator[Symbol.asyncDispose]();
        await cluster[Symbol.asyncDispose]();
      },
    };
  }

  const isCurrent = ({ nodes, apps }: Orchestrator) =>
    nodes.state.state === 'current' && apps.state.state === 'current';
  const find = <Item extends { readonly name: string }>(items: ReadonlyMap<string, Item>, name: string) =>
    [...items.values()].find((item) => item.name === name);

  suite(`orchestrator ${harness.name}`, () => {
    test('knows nothing before it has listed, and then what there is, each by its id', async () => {
      await using world = await watch(async (cluster) => {
        await cluster.putNode('n1', 4);
        await cluster.putApp('web', 3);
      });
      const { orchestrator } = world;
      const early = [orchestrator.nodes.state.state, orchestrator.apps.state.state];

      await until('the inventory', () => isCurrent(orchestrator));

      assert.deepEqual(early, ['beginning', 'beginning']);
      assert.equal(orchestrator.cluster, 'here');
      for (const [id, node] of orchestrator.nodes.items) {
        assert.deepEqual(NodeReport.parse(node), node);
        assert.ok(id === node.id && id.startsWith('here/'));
      }
      for (const [id, app] of orchestrator.apps.items) {
        assert.deepEqual(AppReport.parse(app), app);
        assert.ok(id === app.id && id.startsWith('here/'));
      }
      assert.equal(find(orchestrator.nodes.items, 'n1')?.capacity.cpu, 4);
      assert.equal(find(orchestrator.apps.items, 'web')?.instances.wanted, 3);
      InventoryState.parse(orchestrator.nodes.state);
      await until('the version', () => orchestrator.version !== null);
    });

    test('tells each change once, when it can be seen', async () => {
      await using world = await watch(async (cluster) => {
        await cluster.putNode('n1', 4);
        await cluster.putApp('web', 3);
      });
      const { cluster, orchestrator, told } = world;
      await until('the inventory', () => isCurrent(orchestrator));
      const node = find(orchestrator.nodes.items, 'n1')?.id;
      const app = find(orchestrator.apps.items, 'web')?.id;
      await until('the version', () => orchestrator.version !== null);
      told.length = 0;

      await cluster.putNode('n1', 8);
      await cluster.putApp('web', 5);
      await until('both changes', () => told.length >= 2);
      const changed = told.splice(0);
      await cluster.removeNode('n1');
      await cluster.removeApp('web');
      await until('both deletions', () => told.length >= 2);

      assert.deepEqual(changed.toSorted(), [`app ${app}`, `node ${node}`]);
      assert.deepEqual(told.toSorted(), [`app ${app}`, `node ${node}`]);
      assert.deepEqual([orchestrator.nodes.items.size, orchestrator.apps.items.size], [0, 0]);
    });

    test('tells nothing of a sign of life', async () => {
      await using world = await watch((cluster) => cluster.putNode('n1', 4));
      const { cluster, orchestrator, told } = world;
      await until('the inventory', () => isCurrent(orchestrator) && orchestrator.version !== null);
      told.length = 0;

      await cluster.touchNode('n1');
      await cluster.putNode('n2', 1);
      await until('the node that is new', () => find(orchestrator.nodes.items, 'n2') !== undefined);

      assert.deepEqual(told, [`node ${find(orchestrator.nodes.items, 'n2')?.id}`]);
    });

    test('keeps what it knows of a cluster that is away, says since when, and finds out what happened meanwhile', async () => {
      await using world = await watch(async (cluster) => {
        await cluster.putNode('n1', 4);
        await cluster.putNode('n2', 4);
      });
      const { cluster, orchestrator } = world;
      await until('the inventory', () => isCurrent(orchestrator));

      await cluster.stop();
      await until('the word that it is stale', () => orchestrator.nodes.state.state === 'stale');
      const { state } = orchestrator.nodes;
      const known = orchestrator.nodes.items.size;
      await cluster.removeNode('n2');
      await cluster.resume();
      await until('the inventory again', () => isCurrent(orchestrator) && orchestrator.nodes.items.size === 1);

      assert.equal(known, 2);
      assert.ok(state.message !== null && Date.parse(state.since) <= Date.now());
      assert.equal(orchestrator.nodes.state.message, null);
    });

    test('of a cluster that it never reached knows nothing, says why, and has it when it comes', async () => {
      await using world = await watch(async (cluster) => {
        await cluster.putNode('n1', 4);
        await cluster.stop();
      });
      const { cluster, orchestrator, told } = world;

      await until('the reason', () => orchestrator.nodes.state.message !== null);
      const { state } = orchestrator.nodes;
      const early = told.filter((what) => what !== 'cluster');
      await cluster.resume();
      await until('the inventory', () => isCurrent(orchestrator));

      assert.equal(state.state, 'beginning');
      assert.deepEqual(early, []);
      assert.equal(orchestrator.nodes.items.size, 1);
    });

    test('ends what it has under way when it is disposed of, also while the cluster is away', async () => {
      await using world = await watch((cluster) => cluster.stop());

      await world.orchestrator[Symbol.asyncDispose]();

      assert.equal(world.orchestrator.nodes.items.size, 0);
    });
  });
}
