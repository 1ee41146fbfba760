import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { openKubeconfigAccess } from '../../agent/kubernetes/access/kubeconfig-access.ts';
import { apiResources } from '../../agent/kubernetes/api-resource.ts';
import { createKubernetesClient } from '../../agent/kubernetes/create-client.ts';
import type { KubernetesClient } from '../../agent/kubernetes/kubernetes-client.ts';
import { KubernetesError } from '../../agent/kubernetes/kubernetes-error.ts';
import { startListWatch } from '../../agent/kubernetes/list-watch.ts';
import { permissions } from '../../agent/kubernetes/permissions.ts';
import { checkPermissions } from '../../agent/kubernetes/preflight.ts';
import { createKubernetesOrchestrator } from '../../agent/orchestrators/kubernetes/kubernetes-orchestrator.ts';
import { AppReport } from '../../protocol/app.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import { systemRandom } from '../../runtime/random.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { type ClusterProcess, findClusterProcess } from './cluster-process.ts';

const { signal } = new AbortController();
const namespace = 'default';
const jobs = { resource: apiResources.jobs, namespace };
const container = { name: 'main', image: 'localhost/busybox:1', command: ['true'] };

function toJob(name: string, change: object = {}) {
  const spec = { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } }, ...change };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec };
}

function toDeployment(name: string, replicas = 1): string {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  return stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template },
  });
}

suite('on a real cluster', { skip: kubeSkip }, () => {
  let cluster: KubeCluster;
  let server: ClusterProcess;
  let client: KubernetesClient;
  let files = 0;

  function connect(path: string): KubernetesClient {
    return createKubernetesClient({
      access: openKubeconfigAccess({ path, context: null, environment: process.env, clock: systemClock }),
      outlet: createDirectOutlet({ logger: silentLogger }),
      clock: systemClock,
      random: systemRandom,
      namespace,
      perSecond: 200,
      burst: 200,
    });
  }

  async function apply(manifest: string): Promise<void> {
    const path = join(cluster.folder, `manifest-${(files += 1)}.yaml`);
    writeFileSync(path, manifest);
    await cluster.kubectl('apply', '-f', path);
  }

  /** A kubeconfig of a service account that has a token. */
  async function logInAs(account: string): Promise<string> {
    const config = parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: object }[] };
    const token = (await cluster.kubectl('create', 'token', account)).trim();
    for (const user of config.users) user.user = { token };
    const path = join(cluster.folder, `${account}.kubeconfig`);
    writeFileSync(path, stringify(config));
    return path;
  }

  before(async () => {
    cluster = await startKubeCluster({ size: 'control-plane' });
    server = await findClusterProcess(cluster, 'apiserver');
    client = connect(cluster.kubeconfig);
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  test('objects are made, strictly checked, changed and deleted by their uid', async () => {
    const place = { ...jobs, name: 'first' };
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => 'none',
        (error: unknown) => (error instanceof KubernetesError ? error.code : String(error)),
      );

    assert.match(await client.version({ signal }), /^v1\.\d+/);
    await client.create(jobs, toJob('first'), { signal, dryRun: true });
    const tried = await codeOf(client.get(place, { signal }));
    const made = await client.create(jobs, toJob('first', { suspend: true }), { signal });
    const again = await codeOf(client.create(jobs, toJob('first'), { signal }));
    const misspelt = await codeOf(client.create(jobs, toJob('second', { bogus: 1 }), { signal }));
    const invalid = await client
      .create(jobs, toJob('second', { backoffLimit: -1 }), { signal })
      .catch((error) => error);
    const patched = await client.patch(place, { type: 'merge', body: { spec: { suspend: false } } }, { signal });
    const other = await codeOf(client.delete(place, { uid: 'other', signal }));
    await client.delete(place, { uid: made.metadata.uid, signal });
    await until('its end', async () => (await codeOf(client.get(place, { signal }))) === 'not-found');

    assert.deepEqual([tried, again, misspelt, other], ['not-found', 'already-exists', 'bad-request', 'conflict']);
    assert.ok(invalid instanceof KubernetesError && invalid.code === 'invalid');
    assert.equal(invalid.causes[0]?.field, 'spec.backoffLimit');
    assert.partialDeepStrictEqual(patched['spec'], { suspend: false });
  });

  test('the log of a pod that is on no node is not there yet', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'waits' }, spec: { containers: [container] } };
    await apply(stringify({ ...pod, spec: { ...pod.spec, automountServiceAccountToken: false } }));

    const log = {
      namespace,
      pod: 'waits',
      container: 'main',
      follow: true,
      sinceTime: null,
      timestamps: true,
      limitBytes: null,
    };
    const answer = await client.openLog(log, { signal });
    const missing = await client.openLog({ ...log, pod: 'none' }, { signal }).catch((error) => error.code);

    assert.equal(answer.type, 'not-yet');
    assert.equal(missing, 'not-found');
  });

  test('a service account with the permissions of the table has all that is needed, and one without is told each', async () => {
    const rules = (scope: 'namespace' | 'cluster') =>
      permissions
        .filter((row) => row.scope === scope)
        .map(({ group, resource, subresource, verb }) => ({
          apiGroups: [group],
          resources: [subresource === null ? resource : `${resource}/${subresource}`],
          verbs: [verb],
        }));
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
    const subjects = [{ kind: 'ServiceAccount', name: 'agent', namespace }];
    const refer = (kind: string) => ({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'agent' },
      subjects,
    });
    const metadata = { name: 'agent' };
    const objects = [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger' } },
      { ...rbac, kind: 'Role', metadata, rules: rules('namespace') },
      { ...rbac, kind: 'RoleBinding', metadata, ...refer('Role') },
      { ...rbac, kind: 'ClusterRole', metadata, rules: rules('cluster') },
      { ...rbac, kind: 'ClusterRoleBinding', metadata, ...refer('ClusterRole') },
    ];
    await apply(objects.map((object) => stringify(object)).join('---\n'));
    await using agent = connect(await logInAs('agent'));
    await using stranger = connect(await logInAs('stranger'));
    const features = ['jobs', 'inventory'] as const;

    const granted = await until('the grant', async () => {
      const found = await checkPermissions(agent, { features, signal });
      return found.missing.length === 0 && found;
    });
    const none = await checkPermissions(stranger, { features, signal });
    const refused = await stranger.list(jobs, { signal }).catch((error) => error.code);

    assert.equal(granted.asked, permissions.length);
    assert.equal(none.missing.length, permissions.length);
    assert.match(none.missing[0] ?? '', /create jobs\.batch in namespace default, to start the pod of an attempt/);
    assert.equal(refused, 'forbidden');
    assert.equal((await agent.list(jobs, { signal })).items.length, 0);
  });

  test('a collection is followed through the death of the API server, and what went meanwhile is told', async () => {
    const changes: string[] = [];
    for (const name of ['stays', 'goes']) await apply(toDeployment(name));
    await using watch = startListWatch<number>({
      client,
      collection: { resource: apiResources.deployments, namespace: null },
      select: ({ spec }) => (spec as { readonly replicas: number }).replicas,
      isSame: (one, other) => one === other,
      onChange: (change) => void changes.push(`${change.type} ${change.key}`),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      loops: createLoopBoard(systemClock),
    });
    await until('the list', () => watch.values.size === 2);
    const { lists } = watch.counts;

    await server.kill();
    await until('the word that it is stale', () => watch.state.type === 'stale');
    const known = watch.values.size;
    await server.startAgain();
    await cluster.kubectl('delete', 'deployment', 'goes', '--wait=false');
    await cluster.kubectl('scale', 'deployment', 'stays', '--replicas=4');
    await until('both changes', () => watch.values.get('default/stays') === 4 && watch.values.size === 1);

    assert.equal(known, 2);
    assert.equal(lists, 1);
    assert.deepEqual(changes.toSorted(), [
      'added default/goes',
      'added default/stays',
      'changed default/stays',
      'deleted default/goes',
    ]);
    assert.equal(watch.state.type, 'current');
  });

  test('a watch from a version that etcd has compacted begins with another list', async () => {
    await apply(toDeployment('old'));
    const collection = { resource: apiResources.deployments, namespace };
    const { resourceVersion } = await client.list(collection, { signal });
    await cluster.kubectl('scale', 'deployment', 'old', '--replicas=2');
    const { resourceVersion: newest } = await client.list(collection, { signal });
    await server.kill();
    const cmdline = readFileSync(
      `/proc/${readFileSync(join(cluster.folder, 'pids/etcd'), 'utf8').split(' ', 1)[0]}/cmdline`,
      'utf8',
    );
    const etcd = /--listen-client-urls=(\S+?)\0/.exec(cmdline)?.[1] ?? '';
    const compacted = await fetch(`${etcd}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision: newest }),
    });
    await server.startAgain();

    const codes: string[] = [];
    try {
      await using stream = await client.watch(collection, { resourceVersion, signal });
      for await (const event of stream) {
        if (event.type !== 'error') continue;
        codes.push(event.error.code);
        break;
      }
    } catch (error) {
      codes.push(error instanceof KubernetesError ? error.code : String(error));
    }

    assert.equal(compacted.status, 200);
    assert.deepEqual(codes, ['gone']);
  });

  test('apps are told as the controllers count them', async () => {
    await apply(toDeployment('shop', 2));
    const orchestrator = createKubernetesOrchestrator({
      client,
      cluster: 'real',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      loops: createLoopBoard(systemClock),
    })({ nodeChanged: () => {}, appChanged: () => {}, clusterChanged: () => {} });
    await using _orchestrator = orchestrator;
    const find = () => orchestrator.apps.items.get('real/default/deployment/shop');

    await until('its pods', () => find()?.instances.running === 2);
    const app = find();
    await cluster.kubectl('delete', 'deployment', 'shop');
    await until('its end', () => find() === undefined);

    assert.deepEqual(AppReport.parse(app), app);
    // There is no node, so nothing becomes ready.
    assert.partialDeepStrictEqual(app, {
      kind: 'deployment',
      images: ['localhost/busybox:1'],
      instances: { wanted: 2, running: 2, updated: 2, ready: 0, available: 0 },
    });
    assert.equal(orchestrator.nodes.state.state, 'current');
  });
});
