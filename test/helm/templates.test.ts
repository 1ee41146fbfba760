import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Permission, permissions } from '../../agent/kubernetes/permissions.ts';
import { findUnknownVariables } from '../../cli/unknown-variables.ts';
import { helm, helmSkip } from '../support/helm.ts';
import { pairwise } from '../support/pairwise.ts';
import { agentValues, hubValues, join, plainAgent, plainHub, type Values } from './chart-values.ts';
import { type Manifest, type Pod, podOf, type RenderedChart, template } from './rendered-chart.ts';

const charts = { 'farhand-hub': hubValues, 'farhand-agent': agentValues };

function agent(values: Values): Promise<RenderedChart> {
  return template('farhand-agent', values);
}

function hub(values: Values): Promise<RenderedChart> {
  return template('farhand-hub', values);
}

function variablesOf({ find }: RenderedChart): Readonly<Record<string, string | undefined>> {
  const workload = find('StatefulSet') ?? find('Deployment');
  const env = workload === undefined ? [] : (podOf(workload)?.containers[0]?.env ?? []);
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

function graceOf({ find }: RenderedChart): number {
  const workload = find('StatefulSet') ?? find('Deployment');
  return (workload === undefined ? null : podOf(workload))?.terminationGracePeriodSeconds ?? 0;
}

function checkPod({ metadata, kind }: Manifest, pod: Pod): void {
  const where = `${kind} ${metadata.name}`;
  assert.partialDeepStrictEqual(
    pod.securityContext,
    { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    where,
  );
  const volumes = new Set(pod.volumes.map(({ name }) => name));
  if (kind === 'StatefulSet') volumes.add('data');
  for (const { name, securityContext, env = [], volumeMounts = [] } of pod.containers) {
    assert.deepEqual(
      securityContext,
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      `${where} ${name}`,
    );
    for (const mount of volumeMounts) assert.ok(volumes.has(mount.name), `${where}: there is no volume ${mount.name}`);
    const variables = env.map((variable) => variable.name);
    assert.equal(new Set(variables).size, variables.length, `${where}: a variable is there twice: ${variables.join()}`);
    assert.deepEqual(findUnknownVariables(Object.fromEntries(variables.map((variable) => [variable, 'x']))), []);
    for (const { name: variable, value } of env) {
      if (/TOKEN|PROXY_FILE|SECRET(?!S$)/.test(variable) && value !== undefined)
        assert.match(value, /^\/etc\/farhand\//);
    }
  }
}

describe('the charts', { skip: helmSkip }, () => {
  for (const [chart, matrix] of Object.entries(charts)) {
    it(`${chart} passes the lint of helm with all of the values`, async () => {
      await pairwise(Object.entries(matrix), async ([name, values]) => {
        const set = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
        const { stdout, exitCode } = await helm(['lint', '--strict', chart, ...set]);
        assert.equal(exitCode, 0, `${name}: ${stdout}`);
      });
    });

    for (const [name, values] of Object.entries(matrix)) {
      it(`${chart} ${name}: fits the standard "restricted", and what is named is there`, async () => {
        const { manifests } = await template(chart, values);

        const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
        for (const manifest of manifests) {
          const { kind, metadata } = manifest;
          // A CronJob adds to its name.
          assert.ok(metadata.name.length <= (kind === 'CronJob' ? 52 : 63), metadata.name);
          assert.equal(metadata.labels['app.kubernetes.io/instance'], 'site', `${kind} ${metadata.name}`);
          assert.notEqual(kind, 'Secret', 'nothing secret is made of values');
          const pod = podOf(manifest);
          if (pod === null) continue;
          checkPod(manifest, pod);
          if (accounts.length > 0) assert.ok(accounts.includes(pod.serviceAccountName), pod.serviceAccountName);
        }
        const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`);
        assert.equal(new Set(names).size, names.length);
      });
    }
  }

  it('give pods the time that draining takes, and some', async () => {
    const usual = await agent(plainAgent);
    const long = await agent({ config: { hubUrls: 'wss://h', drainSeconds: 600.5, graceSeconds: 30 } });
    const passing = await agent({ ...plainAgent, secrets: join, identity: 'ephemeral' });
    const slowHub = await hub({ config: { insecure: true, drainSeconds: 90.5 } });

    assert.deepEqual([graceOf(usual), graceOf(long), graceOf(passing), graceOf(slowHub)], [60, 661, 90, 121]);
  });

  it('write numbers as the program reads them', async () => {
    const variables = variablesOf(
      await hub({ config: { insecure: true, keepJobs: 1_000_000_000, keepJobsDays: 0.5, maxQueuedJobs: 100_000_000 } }),
    );

    assert.partialDeepStrictEqual(variables, {
      FARHAND_KEEP_JOBS: '1000000000',
      FARHAND_KEEP_JOBS_DAYS: '0.5',
      FARHAND_MAX_QUEUED_JOBS: '100000000',
      FARHAND_INSECURE: 'true',
    });
  });

  it('give one agent that is ephemeral a name that stays, and several the names of their pods', async () => {
    const ephemeral = { ...plainAgent, secrets: join, identity: 'ephemeral' };
    const alone = await agent(ephemeral);
    const many = await agent({ ...ephemeral, replicas: 2 });

    assert.equal(variablesOf(alone)['FARHAND_NAME'], 'site-farhand-agent');
    assert.deepEqual(alone.find('Deployment')?.spec['strategy'], { type: 'Recreate' });
    assert.equal(variablesOf(many)['FARHAND_NAME'], undefined);
    assert.deepEqual(many.find('Deployment')?.spec['strategy'], { type: 'RollingUpdate' });
  });

  it('put automations into a ConfigMap, to the letter', async () => {
    const text = 'kind: script\nscript: |\n  echo "{{ x }}: $y"\n\n  echo end\n';
    const { find } = await agent({ ...plainAgent, automations: { 'a.yaml': text } });

    assert.equal(find('ConfigMap')?.data?.['a.yaml'], text);
  });

  it('ask a hub that wants certificates no more than whether its port is open', async () => {
    const strict = await hub({ tls: { secretName: 't', clientCa: { name: 'c', key: 'ca.crt' } } });
    const lenient = await hub({
      tls: { secretName: 't', clientCa: { name: 'c', key: 'ca.crt' } },
      config: { tlsClient: 'optional' },
    });
    const probe = ({ find }: RenderedChart) => {
      const workload = find('StatefulSet');
      return workload && podOf(workload)?.containers[0]?.readinessProbe;
    };

    assert.partialDeepStrictEqual(probe(strict), { tcpSocket: { port: 'http' } });
    assert.partialDeepStrictEqual(probe(lenient), { httpGet: { path: '/readyz', scheme: 'HTTPS' } });
  });

  it('let an agent out to the ports of its hub and to name servers, and nowhere else', async () => {
    const { find } = await agent({
      config: { hubUrls: 'wss://a.example.org, grpcs://a.example.org:7443' },
      networkPolicy: { enabled: true },
    });

    const { egress } = (find('NetworkPolicy') ?? assert.fail()).spec;
    assert.deepEqual(egress, [
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
      { ports: [{ port: 443 }] },
      { ports: [{ port: 7443 }] },
    ]);
  });

  it('do not let an ingress show the metrics', async () => {
    const { find } = await hub({ ...plainHub, ingress: { enabled: true, host: 'h' } });

    assert.doesNotMatch(JSON.stringify(find('Ingress')), /metrics|"path":"\/"/);
  });

  it('grant an agent the calls that it makes, where it is told to make them, and nothing else', async () => {
    const config = { hubUrls: 'wss://h', kubernetes: 'in-cluster', kubernetesNamespace: 'jobs' };
    const none = await agent(plainAgent);
    const jobs = await agent({ config });
    const all = await agent({ config: { ...config, kubernetesInventory: true } });
    const rulesOf = ({ manifests }: RenderedChart) =>
      manifests.flatMap(({ kind, rules = [] }) => rules.map((rule) => ({ kind, ...rule })));
    const grants = (scope: Permission['scope'], kind: string) =>
      permissions
        .filter((permission) => permission.scope === scope)
        .map(
          ({ group, resource, subresource, verb }) =>
            `${kind} ${group} ${[resource, subresource ?? []].flat().join('/')} ${verb}`,
        );
    const flatten = (rules: ReturnType<typeof rulesOf>) =>
      rules.flatMap(({ kind, apiGroups, resources, verbs }) =>
        verbs.map((verb) => [kind, ...apiGroups, ...resources, verb].join(' ')),
      );

    assert.deepEqual(rulesOf(none), []);
    assert.deepEqual(flatten(rulesOf(jobs)).toSorted(), grants('namespace', 'Role').toSorted());
    assert.deepEqual(
      flatten(rulesOf(all)).toSorted(),
      [...grants('namespace', 'Role'), ...grants('cluster', 'ClusterRole')].toSorted(),
    );
  });

  it('show the token of the cluster to the container of an agent that uses it, and to no other', async () => {
    const beside = { name: 'beside', image: 'b' };
    const uses = await agent({ config: { hubUrls: 'wss://h', kubernetes: 'in-cluster' }, extraContainers: [beside] });
    const none = await agent(plainAgent);
    const pods = [uses, none].map(({ find }) => podOf(find('StatefulSet') ?? assert.fail()) ?? assert.fail());

    assert.deepEqual(
      pods.map(({ automountServiceAccountToken }) => automountServiceAccountToken),
      [false, false],
    );
    const paths = pods.map(({ containers }) => containers.map(({ volumeMounts = [] }) => volumeMounts));
    const isToken = ({ mountPath }: { readonly mountPath: string }) => mountPath.includes('serviceaccount');
    assert.deepEqual(
      paths.map((containers) => containers.map((mounts) => mounts.filter(isToken).length)),
      [[1, 0], [0]],
    );
  });

  it('make copies of a hub whose name is long, and give up one that does not end', async () => {
    const fullnameOverride = 'a-name-that-is-much-longer-than-any-name-of-an-object-may-be';
    const { find } = await hub({ ...plainHub, fullnameOverride, backup: { enabled: true, deadlineSeconds: 600 } });

    const cron = find('CronJob') ?? assert.fail();
    assert.match(cron.metadata.name, /^a-name-.{30,}-backup$/);
    assert.equal(find('PersistentVolumeClaim')?.metadata.name, cron.metadata.name);
    assert.partialDeepStrictEqual(cron.spec, { jobTemplate: { spec: { activeDeadlineSeconds: 600 } } });
  });

  it('grant it that in each namespace where it makes Jobs, by roles that no release of another namespace has', async () => {
    const config = { hubUrls: 'wss://h', kubernetes: 'in-cluster', kubernetesNamespace: 'jobs' };
    const { manifests } = await agent({ config, rbac: { namespaces: ['tools', 'jobs'] } });

    const roles = manifests.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata);
    assert.deepEqual(
      roles.map(({ namespace, name }) => `${namespace}/${name}`),
      ['jobs/tools-site-farhand-agent', 'tools/site-farhand-agent'],
    );
  });

  it('give jobs in pods a runner of their own image, where one gets through to the hub', async () => {
    const config = { hubUrls: 'wss://h', kubernetes: 'in-cluster' };
    const image = {
      repository: 'r/x',
      digest: 'sha256:ab',
      pullPolicy: 'Always',
      pullSecrets: [{ name: 'a' }, { name: 'b' }],
    };
    const imageOf = async (values: Values) => variablesOf(await agent(values))['FARHAND_KUBERNETES_RUNNER_IMAGE'];
    const withProxy = { config, secrets: { proxy: { name: 'proxy', key: 'url' } } };

    assert.partialDeepStrictEqual(variablesOf(await agent({ config, image })), {
      FARHAND_KUBERNETES_RUNNER_IMAGE: 'r/x@sha256:ab',
      FARHAND_KUBERNETES_RUNNER_PULL_POLICY: 'Always',
      FARHAND_KUBERNETES_RUNNER_PULL_SECRETS: 'a,b',
    });
    assert.equal(await imageOf(plainAgent), undefined, 'no jobs in pods');
    assert.equal(await imageOf({ config: { ...config, kubernetesRunnerImage: 'mine:1' }, image }), 'mine:1');
    assert.equal(await imageOf({ config: { ...config, kubernetesRunnerImage: 'none' }, image }), 'none');
    assert.equal(await imageOf({ config, image, tls: { clientSecretName: 'mine' } }), undefined);
    assert.equal(await imageOf({ ...withProxy, image }), undefined);
    const withSecret = { ...config, kubernetesRunnerSecret: 'way' };
    assert.equal(await imageOf({ ...withProxy, image, config: withSecret }), 'r/x@sha256:ab');
    const old = await template('farhand-agent', { config, image }, ['--kube-version', '1.28.3']);
    assert.equal(variablesOf(old)['FARHAND_KUBERNETES_RUNNER_IMAGE'], undefined, 'no sidecars');
    assert.equal(
      await imageOf({ ...withProxy, image, config: { ...config, kubernetesHubUrls: 'ws://h' } }),
      'r/x@sha256:ab',
    );
  });

  it('have an agent that is ephemeral cancel all that it has when it goes, and leave that to the image otherwise', async () => {
    const thenOf = async (values: Values) => variablesOf(await agent(values))['FARHAND_DRAIN_THEN'];
    const ephemeral = { secrets: join, identity: 'ephemeral' };

    assert.equal(await thenOf(plainAgent), undefined);
    assert.equal(await thenOf({ ...plainAgent, ...ephemeral }), 'cancel-all');
    assert.equal(await thenOf({ config: { hubUrls: 'wss://h', drainThen: 'leave' }, ...ephemeral }), 'leave');
  });

  it('lead an ingress below a path to the paths of the hub, and to nothing else', async () => {
    const { find } = await hub({ ...plainHub, ingress: { enabled: true, host: 'h', path: '/far.hand' } });

    const { metadata, spec } = find('Ingress') ?? assert.fail();
    const [{ http }] = spec['rules'] as [{ readonly http: { readonly paths: readonly { readonly path: string }[] } }];
    const lead = (asked: string) =>
      http.paths.flatMap(({ path }) => {
        const matched = new RegExp(`^${path}`, 'i').exec(asked);
        return matched === null ? [] : [asked.replace(matched[0], `/${matched[1]}`)];
      });
    assert.equal(metadata.annotations?.['nginx.ingress.kubernetes.io/rewrite-target'], '/$1');
    assert.equal(metadata.annotations?.['nginx.ingress.kubernetes.io/x-forwarded-prefix'], '/far.hand');
    assert.deepEqual(lead('/far.hand/api/v1/jobs'), ['/api/v1/jobs']);
    assert.deepEqual(lead('/far.hand/v1/control'), ['/v1/control']);
    assert.deepEqual(lead('/far.hand/livez'), ['/livez']);
    for (const none of ['/far.hand/metrics', '/far.hand', '/farxhand/livez', '/livez', '/far.hand/v1x'])
      assert.deepEqual(lead(none), [], none);
  });
});
