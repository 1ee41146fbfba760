import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { stringify } from 'yaml';
import type { App, Node } from '../../protocol/inventory.ts';
import { createPlace, type Environment } from '../support/farhand-process.ts';
import { kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { findClusterProcess } from './cluster-process.ts';

async function ask<T>(client: Environment, path: string): Promise<T> {
  const answer = await fetch(`${client['FARHAND_HUB_URL']}/api/v1${path}`, {
    headers: { authorization: `Bearer ${client['FARHAND_TOKEN']}` },
  });
  return (await answer.json()) as T;
}

const labels = { app: 'web' };
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'main', image: 'localhost/busybox:1', resources: { requests: { cpu: '50m' } } }] },
    },
  },
};
const machine = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { rack: 'r1' } } };

suite('the inventory of a real cluster', { skip: kubeSkip }, () => {
  test('is in the API of the hub, through the death of the API server, of the agent and of the hub', async () => {
    await using cluster = await startKubeCluster({ size: 'control-plane' });
    const server = await findClusterProcess(cluster, 'apiserver');
    await using place = await createPlace();
    const { process: hub, address, client } = await place.hub();
    await using _hub = hub;
    const environment = {
      FARHAND_KUBERNETES: 'kubeconfig',
      FARHAND_KUBECONFIG: cluster.kubeconfig,
      FARHAND_KUBERNETES_CLUSTER: 'edge',
      FARHAND_KUBERNETES_INVENTORY: 'true',
    };
    const file = join(cluster.folder, 'objects.yaml');
    const other = { ...web, metadata: { name: 'other' } };
    writeFileSync(file, [machine, web, other].map((object) => stringify(object)).join('---\n'));
    await cluster.kubectl('apply', '-f', file);
    await using agent = await place.agent(address, client, environment);
    const apps = async () => (await ask<{ readonly items: readonly App[] }>(client, '/apps')).items;
    const nodes = async () => (await ask<{ readonly items: readonly Node[] }>(client, '/nodes')).items;
    const webWith = (wanted: number) => async () =>
      (await apps()).find(({ name, instances }) => name === 'web' && instances.wanted === wanted);
    const staleness = async () => (await apps()).map(({ stale }) => stale?.reason ?? null);

    const app = await until('the app', webWith(2));
    const node = await until('the node', async () => (await nodes())[0]);
    await server.kill();
    await until('the word that it is stale', async () =>
      (await staleness()).every((reason) => reason === 'cluster-unreachable'),
    );
    const kept = (await apps()).length;
    await server.startAgain();
    await cluster.kubectl('scale', 'deployment', 'web', '--replicas=3');
    await until('the scaled app', webWith(3));
    await until('the word that it is current', async () => (await staleness()).every((reason) => reason === null));

    // Nobody is told of this: the agent is away, and then the hub is.
    agent.kill('SIGKILL');
    await agent.ended;
    await cluster.kubectl('delete', 'deployment', 'other');
    await cluster.kubectl('delete', 'node', 'n1');
    hub.kill('SIGKILL');
    await hub.ended;
    const { process: hubAgain } = await place.hub();
    await using _hubAgain = hubAgain;
    await using agentAgain = await place.agent(address, client, environment);
    await until('the end of what is gone', async () => (await apps()).length === 1 && (await nodes()).length === 0);
    await cluster.kubectl('delete', 'deployment', 'web');
    await until('the end of the last app', async () => (await apps()).length === 0);

    assert.equal(kept, 2);
    assert.partialDeepStrictEqual(app, { kind: 'deployment', namespace: 'default', cluster: 'edge', labels });
    assert.equal(app.requests.cpu, 0.05);
    assert.partialDeepStrictEqual(node, { name: 'n1', cluster: 'edge', labels: { rack: 'r1' } });
    agentAgain.kill('SIGTERM');
    await agentAgain.ended;
    hubAgain.kill('SIGTERM');
    await hubAgain.ended;
  });
});
