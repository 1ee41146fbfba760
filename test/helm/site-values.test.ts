import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { helmSkip } from '../support/helm.ts';
import { join as joinSecret, plainAgent, plainHub, type Values } from './chart-values.ts';
import { type Pod, podOf, type RenderedChart, template } from './rendered-chart.ts';

const whole: Readonly<Record<string, Values>> = {
  'farhand-hub': {
    ...plainHub,
    backup: { enabled: true },
    ingress: { enabled: true, host: 'hub.example.org' },
    networkPolicy: { enabled: true },
    serviceMonitor: { enabled: true, labels: { release: 'p' }, token: { name: 'viewer', key: 'token' } },
    prometheusRule: { enabled: true },
    service: { labels: { expose: 'yes' } },
  },
  'farhand-agent': {
    config: { hubUrls: 'wss://h', kubernetes: 'in-cluster', kubernetesInventory: true },
    secrets: joinSecret,
    automations: { 'hello.yaml': 'run: [echo]' },
    networkPolicy: { enabled: true },
    serviceMonitor: { enabled: true, labels: { release: 'p' } },
  },
};

function workload({ find }: RenderedChart): Pod {
  const found = find('StatefulSet');
  const pod = found === undefined ? null : podOf(found);
  assert.ok(pod !== null);
  return pod;
}

describe('what a site says of all that its charts make', { skip: helmSkip }, () => {
  for (const [chart, values] of Object.entries(whole)) {
    it(`${chart} labels everything, pods included, and selects by none of it`, async () => {
      const labels = { team: 'platform', 'cost.example.org/centre': '4711' };

      const { manifests } = await template(chart, { ...values, commonLabels: labels, podLabels: { mesh: 'off' } });

      for (const { kind, metadata, spec } of manifests) {
        assert.partialDeepStrictEqual(metadata.labels, labels, `${kind} ${metadata.name}`);
        const text = JSON.stringify(spec ?? {});
        assert.doesNotMatch(text, /"(matchLabels|selector)":\{[^}]*"team"/, `${kind} ${metadata.name}`);
        if (text.includes('"template":'))
          assert.match(text, /"template":\{"metadata":\{[^]*?"labels":\{[^}]*"team":"platform"/, kind);
      }
    });

    it(`${chart} takes a label that several values have once`, async () => {
      const same = { release: 'all', expose: 'all', mesh: 'all' };

      const { manifests } = await template(chart, { ...values, commonLabels: same, podLabels: { mesh: 'off' } });

      const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor');
      assert.equal(monitor?.metadata.labels['release'], 'all');
    });

    it(`${chart} gives its pods names, name servers, and containers beside its own`, async () => {
      const said = {
        runtimeClassName: 'gvisor',
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['hub.example.org'] }],
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['192.0.2.53'] },
      };
      const first = { name: 'first', image: 'a' };
      const beside = { name: 'beside', image: 'b' };

      const pod: object = workload(
        await template(chart, {
          ...values,
          ...said,
          extraEnvFrom: [{ secretRef: { name: 'more' } }],
          extraInitContainers: [first],
          extraContainers: [beside],
        }),
      );

      assert.partialDeepStrictEqual(pod, {
        ...said,
        initContainers: [first],
        containers: [{ envFrom: [{ secretRef: { name: 'more' } }] }, beside],
      });
    });

    it(`${chart} tells Prometheus how to ask`, async () => {
      const asking = {
        interval: '1m',
        scrapeTimeout: '20s',
        relabelings: [{ targetLabel: 'site', replacement: 'ams' }],
        metricRelabelings: [{ action: 'drop', regex: 'x' }],
      };

      const { find } = await template(chart, {
        ...values,
        serviceMonitor: { ...(values['serviceMonitor'] as object), ...asking },
      });

      assert.partialDeepStrictEqual(find('ServiceMonitor')?.spec, { endpoints: [{ path: '/metrics', ...asking }] });
    });
  }

  it('an agent is told what only its pod knows by variables of a manifest', async () => {
    const extraEnv = [{ name: 'FARHAND_LABELS', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }];

    const pod = workload(await template('farhand-agent', { ...plainAgent, extraEnv }));

    assert.deepEqual(pod.containers[0]?.env?.at(-1), extraEnv[0]);
  });

  it('pods are spread among those of their release, where no others are named', async () => {
    const zones = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const named = { ...zones, labelSelector: { matchLabels: { app: 'x' } } };

    const pod: object = workload(
      await template('farhand-agent', { ...plainAgent, topologySpreadConstraints: [zones, named] }),
    );

    const own = { 'app.kubernetes.io/name': 'farhand-agent', 'app.kubernetes.io/instance': 'site' };
    assert.partialDeepStrictEqual(pod, {
      topologySpreadConstraints: [{ ...zones, labelSelector: { matchLabels: own } }, named],
    });
  });

  it('a policy that says who may call lets the test of the release in', async () => {
    const friends = [{ podSelector: { matchLabels: { app: 'friend' } } }];
    const charts = {
      'farhand-hub': { ...plainHub, networkPolicy: { enabled: true, from: friends } },
      'farhand-agent': { ...plainAgent, networkPolicy: { enabled: true, metricsFrom: friends } },
    };
    for (const [chart, values] of Object.entries(charts)) {
      const { find } = await template(chart, values);

      const labels = find('Pod')?.metadata.labels;
      const [rule] = (find('NetworkPolicy')?.spec['ingress'] ?? []) as readonly [{ readonly from: readonly object[] }];
      assert.deepEqual(rule.from, [{ podSelector: { matchLabels: labels } }, ...friends]);
    }
  });

  it('a hub brings the alerts that are shipped, and no others', async () => {
    const path = join(import.meta.dirname, '../../deploy/prometheus/farhand.rules.yml');
    const values = { ...plainHub, prometheusRule: { enabled: true, labels: { release: 'p' } } };

    const { find } = await template('farhand-hub', values);

    const rule = find('PrometheusRule');
    assert.equal(rule?.metadata.labels['release'], 'p');
    assert.deepEqual(rule.spec, parse(readFileSync(path, 'utf8')));
    assert.equal((await template('farhand-hub', plainHub)).find('PrometheusRule'), undefined);
  });

  it('a hub is found at the port and by whom its Service says', async () => {
    const service = {
      type: 'LoadBalancer',
      port: 443,
      labels: { expose: 'yes' },
      loadBalancerClass: 'example.org/lb',
      loadBalancerSourceRanges: ['203.0.113.0/24'],
      externalTrafficPolicy: 'Local',
    };

    const { manifests, find } = await template('farhand-hub', { ...plainHub, service });

    const { type, port, labels, ...rest } = service;
    assert.partialDeepStrictEqual(find('Service')?.spec, { type, ...rest, ports: [{ port, targetPort: 'http' }] });
    assert.partialDeepStrictEqual(find('Service')?.metadata.labels, labels);
    assert.match(JSON.stringify(manifests.filter(({ kind }) => kind === 'Pod')), /\.svc:443/);
  });

  it('an agent without any of that is as it was', async () => {
    const pod = workload(await template('farhand-agent', plainAgent));

    assert.equal(pod.containers.length, 1);
    assert.doesNotMatch(JSON.stringify(pod), /initContainers|hostAliases|dns|envFrom|runtimeClass/);
  });
});
