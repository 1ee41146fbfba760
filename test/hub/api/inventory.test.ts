import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInventoryKinds } from '../../../hub/control/inventory-resource.ts';
import type { AppReport } from '../../../protocol/app.ts';
import type { ClusterReport } from '../../../protocol/cluster.ts';
import type { NodeReport } from '../../../protocol/node.ts';
import { reportOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { sampleApp, sampleCluster, sampleNode } from '../../support/sample-inventory.ts';
import { type ApiHarness, startApi } from './api-harness.ts';
import { type EnrolledAgent, enrolAgent } from './job-run.ts';

checkLeaks();

const kinds = createInventoryKinds();
const firstMs = Date.parse('2026-01-01T00:00:00.000Z');

async function tell(
  api: ApiHarness,
  { id: agentId }: EnrolledAgent,
  { nodes = [], apps = [] }: { readonly nodes?: readonly NodeReport[]; readonly apps?: readonly AppReport[] },
): Promise<void> {
  const form = { hash: 'h', shape: kinds.nodes.shape };
  const changes = [
    ...nodes.map((node) => ({ type: 'put', list: 'nodes', item: { ...kinds.nodes.toItem(node), ...form } }) as const),
    ...apps.map((app) => ({ type: 'put', list: 'apps', item: { ...kinds.apps.toItem(app), ...form } }) as const),
  ];
  await api.store.apply('record-inventory', { agentId, changes, at: firstMs });
}

/** The hub's memory of an agent that is connected, or not, and says this of its clusters. */
function isThere(
  api: ApiHarness,
  agent: EnrolledAgent,
  clusters: readonly ClusterReport[],
  leaseEpoch: number | null = 1,
) {
  const report = reportOf({ clusters: [...clusters] });
  const live = { id: agent.id, leaseEpoch, busyTotal: 0, labels: {}, report, automations: new Map() };
  api.view.byAccount.set(agent.name, [{ ...live, keyHolders: { problem: null } }]);
}

async function namesAt(api: ApiHarness, path: string): Promise<readonly string[]> {
  const answer = await api.call(`/api/v1/${path}`, { token: api.tokens.viewer });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.items.map(({ name }: { name: string }) => name);
}

describe('nodes and apps', () => {
  it('are shown as their agent told of them, with its name, an id of the hub and times', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const [node, app] = [sampleNode('n1'), sampleApp('web')];
    await tell(api, agent, { nodes: [node], apps: [app] });
    isThere(api, agent, [sampleCluster()]);

    const nodes = await api.call('/api/v1/nodes', { token: api.tokens.viewer });
    const apps = await api.call('/api/v1/apps', { token: api.tokens.viewer });

    const known = (id: string, reference: string) => ({
      id,
      reference,
      agent: 'a1',
      firstSeenAt: '2026-01-01T00:00:00.000Z',
      changedAt: '2026-01-01T00:00:00.000Z',
      stale: null,
    });
    const [nodeId, appId] = [nodes.json.items[0].id, apps.json.items[0].id];
    assert.deepEqual(nodes.json, { items: [{ ...node, ...known(nodeId, 'edge/n1') }], nextCursor: null });
    assert.deepEqual(apps.json.items, [{ ...app, ...known(appId, 'edge/shop/deployment/web') }]);
    const one = await api.call(`/api/v1/nodes/${nodeId}`, { token: api.tokens.viewer });
    const same = await api.call(`/api/v1/apps/${appId}`, { token: api.tokens.viewer });
    assert.deepEqual([one.json, same.json], [nodes.json.items[0], apps.json.items[0]]);
    const again = await api.call(`/api/v1/nodes/${nodeId}`, {
      headers: { 'if-none-match': one.headers.get('etag') ?? '' },
    });
    assert.equal(again.status, 304);
  });

  it('are searched by agent, cluster, namespace, kind, state, name and labels, page by page', async () => {
    await using api = await startApi();
    const [one, other] = [await enrolAgent(api, 'a1'), await enrolAgent(api, 'a2')];
    for (const agent of [one, other]) isThere(api, agent, [sampleCluster()]);
    await tell(api, one, {
      nodes: [sampleNode('n1'), sampleNode('n2', { state: 'not-ready' }), sampleNode('n3', { state: 'unknown' })],
      apps: [
        sampleApp('web', { labels: { tier: 'front' } }),
        sampleApp('web-db', { namespace: 'data', kind: 'statefulset', state: 'degraded' }),
        sampleApp('logs', { kind: 'daemonset', namespace: 'system' }),
      ],
    });
    await tell(api, other, { apps: [sampleApp('web', { cluster: 'lab', state: 'stopped' })] });

    assert.deepEqual(await namesAt(api, 'nodes?state=not-ready,unknown'), ['n2', 'n3']);
    assert.deepEqual(await namesAt(api, 'apps?state=degraded&state=stopped'), ['web', 'web-db']);
    assert.deepEqual(await namesAt(api, 'apps?name=web&cluster=edge'), ['web', 'web-db']);
    assert.deepEqual(await namesAt(api, 'apps?namespace=system'), ['logs']);
    assert.deepEqual(await namesAt(api, 'apps?kind=daemonset,statefulset'), ['logs', 'web-db']);
    assert.deepEqual(await namesAt(api, 'apps?agent=a2'), ['web']);
    assert.deepEqual(await namesAt(api, 'apps?agent=nobody'), []);
    assert.deepEqual(await namesAt(api, `apps?selector=${encodeURIComponent('tier in (front, back)')}`), ['web']);
    const first = await api.call('/api/v1/apps?limit=3');
    const second = await api.call(`/api/v1/apps?limit=3&cursor=${first.json.nextCursor}`);
    assert.deepEqual([first.json.items.length, second.json.items.length, second.json.nextCursor], [3, 1, null]);
  });

  it('are refused with one word where what is asked for makes no sense', async () => {
    await using api = await startApi();

    for (const query of [
      'state=broken',
      'kind=pod',
      'selector=a%20b',
      'namespace=',
      'stale=maybe',
      'what=1',
      'limit=0',
      'agent=%20',
    ]) {
      const answer = await api.call(`/api/v1/apps?${query}`);
      assert.deepEqual([query, answer.status, answer.json.code], [query, 400, 'query-invalid']);
      assert.equal(answer.json.errors.length, 1, answer.text);
    }
    const ofNodes = (await api.call('/api/v1/nodes?limit=1')).json.nextCursor ?? 'bm9kZXM6eA';
    const cursor = await api.call(`/api/v1/apps?cursor=${ofNodes}`);
    assert.deepEqual([cursor.status, cursor.json.code], [400, 'cursor-invalid']);
    const unnamed = await api.call('/api/v1/nodes/no-id');
    assert.equal(unnamed.json.code, 'not-found');
  });

  it('say since when they may not be so any more, and why', async () => {
    await using api = await startApi();
    const since = '2026-01-02T00:00:00.000Z';
    const message = 'the API of the cluster cannot be reached: expected an answer, got ECONNREFUSED';
    const stale = { state: 'stale', since, message } as const;
    const beginning = { state: 'beginning', since, message: null } as const;
    const agents = ['away', 'blind', 'fresh', 'new', 'other', 'unknown'];
    const clusters: Readonly<Record<string, readonly ClusterReport[]>> = {
      away: [sampleCluster()],
      blind: [sampleCluster({ nodes: stale })],
      fresh: [sampleCluster({ apps: stale })],
      new: [sampleCluster({ nodes: beginning })],
      other: [sampleCluster({ name: 'lab' })],
    };
    for (const name of agents) {
      const agent = await enrolAgent(api, name);
      await tell(api, agent, { nodes: [sampleNode(name)] });
      if (clusters[name] !== undefined) isThere(api, agent, clusters[name], name === 'away' ? null : 1);
    }

    const { json } = await api.call('/api/v1/nodes');
    const staleNames = await namesAt(api, 'nodes?stale=true');
    const freshNames = await namesAt(api, 'nodes?stale=false');

    const found = new Map<string, { reason: string; since: string | null; message: string | null } | null>(
      json.items.map((item: { name: string; stale: null }) => [item.name, item.stale]),
    );
    assert.deepEqual(found.get('blind'), { reason: 'cluster-unreachable', since, message });
    assert.deepEqual(found.get('new'), { reason: 'not-listed', since, message: null });
    assert.deepEqual(found.get('other'), { reason: 'not-watched', since: null, message: null });
    assert.equal(found.get('fresh'), null);
    for (const name of ['away', 'unknown']) {
      assert.equal(found.get(name)?.reason, 'agent-offline');
      assert.match(found.get(name)?.since ?? '', /^\d{4}-/);
    }
    assert.deepEqual([staleNames, freshNames], [agents.filter((name) => name !== 'fresh'), ['fresh']]);
  });

  it('of another account, of an agent that was revoked, or of the other list are not there', async () => {
    await using api = await startApi();
    const [agent, revoked] = [await enrolAgent(api, 'a1'), await enrolAgent(api, 'a2')];
    await tell(api, agent, { nodes: [sampleNode('n1')] });
    await tell(api, revoked, { nodes: [sampleNode('n2')] });
    const { items } = (await api.call('/api/v1/nodes')).json;
    const stranger = await api.makeToken('admin', 'team');
    await api.store.apply('revoke-agent', {
      account: 'default',
      name: 'a2',
      loseJobs: null,
      note: null,
      actor: 'hub',
      at: firstMs,
    });

    assert.deepEqual(await namesAt(api, 'nodes'), ['n1']);
    assert.deepEqual((await api.call('/api/v1/nodes', { token: stranger })).json.items, []);
    const [mine, gone] = items.map(({ id }: { id: string }) => id);
    for (const [path, token] of [
      [`nodes/${mine}`, stranger],
      [`nodes/${gone}`, api.tokens.admin],
      [`apps/${mine}`, api.tokens.admin],
    ] as const) {
      const answer = await api.call(`/api/v1/${path}`, { token });
      assert.deepEqual([answer.status, answer.json.code], [404, 'not-found'], path);
    }
  });

  it('that another version stored and this one cannot read are left out, and hide nothing else', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    await tell(api, agent, { nodes: [sampleNode('n1'), sampleNode('n3')] });
    const item = { ...kinds.nodes.toItem(sampleNode('n2')), report: { what: 'nobody knows' }, hash: 'h', shape: 'x' };
    await api.store.apply('record-inventory', {
      agentId: agent.id,
      changes: [{ type: 'put', list: 'nodes', item }],
      at: firstMs,
    });

    assert.deepEqual(await namesAt(api, 'nodes'), ['n1', 'n3']);
  });
});
