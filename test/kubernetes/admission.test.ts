import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { agentValues, hubValues, plainHub } from '../helm/chart-values.ts';
import { type Manifest, podOf, template } from '../helm/rendered-chart.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { serviceMonitorDefinition } from './service-monitor-definition.ts';

const namespace = 'tools';

describe('a cluster that enforces the standard "restricted"', { skip: kubeSkip }, () => {
  let cluster: KubeCluster;
  let place = '';

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'farhand-admission-'));
    cluster = await startKubeCluster({ size: 'control-plane' });
    for (const name of [namespace, 'jobs', 'more-jobs']) await cluster.kubectl('create', 'namespace', name);
    await cluster.kubectl('create', 'priorityclass', 'high', '--value=1');
    const definition = join(place, 'definition.json');
    await writeFile(definition, JSON.stringify(serviceMonitorDefinition));
    await cluster.kubectl('create', '-f', definition);
    await cluster.kubectl('wait', '--for=condition=established', '--timeout=60s', '-f', definition);
    await cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(place, { recursive: true, force: true });
  });

  /** Has the server check all of it, as if it were to be made; a field that it does not know is a mistake. */
  async function tryOut(manifests: readonly object[]): Promise<string> {
    const file = join(place, 'manifests.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
    return cluster.kubectl('create', '--dry-run=server', '--validate=strict', '-f', file);
  }

  /** The pod that a manifest would make, by itself: only pods are refused, what makes them is warned about. */
  function toPod(manifest: Manifest): object | null {
    const spec = podOf(manifest);
    if (spec === null) return null;
    const { serviceAccountName: _, ...rest } = spec;
    const volumes = [...spec.volumes];
    if (!volumes.some(({ name }) => name === 'data') && manifest.kind === 'StatefulSet')
      volumes.push({ name: 'data', emptyDir: {} });
    const name = manifest.metadata.name.slice(0, 50);
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-pod`, namespace }, spec: { ...rest, volumes } };
  }

  for (const [chart, matrix] of Object.entries({ 'farhand-hub': hubValues, 'farhand-agent': agentValues })) {
    for (const [name, values] of Object.entries(matrix)) {
      it(`takes ${chart} ${name}`, async () => {
        const { manifests } = await template(chart, values);

        const known = manifests.filter(({ kind }) => kind !== 'Pod');
        const pods = manifests.flatMap((manifest) => toPod(manifest) ?? []);
        const made = await tryOut([...known, ...pods]);

        assert.equal(made.trim().split('\n').length, known.length + pods.length);
      });
    }
  }

  it('takes the agent beside an app', async () => {
    const text = await readFile(join(import.meta.dirname, '../../deploy/kubernetes/sidecar.yaml'), 'utf8');
    const manifests = parseAllDocuments(text).map((document): Manifest => {
      const manifest = document.toJS();
      return { ...manifest, metadata: { ...manifest.metadata, namespace } };
    });

    await tryOut([...manifests, ...manifests.flatMap((manifest) => toPod(manifest) ?? [])]);
  });

  it('refuses a field that a ServiceMonitor has not, so that those of the charts prove something', async () => {
    const { manifests } = await template('farhand-hub', {
      ...plainHub,
      tls: { secretName: 'hub-tls' },
      serviceMonitor: { enabled: true, token: { name: 'viewer', key: 'token' }, tlsConfig: { insecure: true } },
    });

    await assert.rejects(
      tryOut(manifests.filter(({ kind }) => kind === 'ServiceMonitor')),
      /spec\.endpoints\[0\]\.tlsConfig\): unknown field "insecure"/,
    );
  });

  it('refuses a pod that is not of that standard, so that the others prove something', async () => {
    const { manifests } = await template('farhand-hub', {
      config: { insecure: true },
      podSecurityContext: { runAsNonRoot: false },
    });

    await assert.rejects(tryOut(manifests.flatMap((manifest) => toPod(manifest) ?? [])), /violates PodSecurity/);
  });
});
