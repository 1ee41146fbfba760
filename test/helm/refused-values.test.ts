import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { helmSkip } from '../support/helm.ts';
import { plainAgent, plainHub, type Values } from './chart-values.ts';
import { tryTemplate } from './rendered-chart.ts';

describe('the charts', { skip: helmSkip }, () => {
  const refused: readonly (readonly [string, string, Values, RegExp])[] = [
    [
      'several hubs',
      'farhand-hub',
      { ...plainHub, replicas: 2 },
      /expected 1, or 0 to stop the hub, got 2: the hub keeps its state/,
    ],
    [
      'a hub without TLS that nobody meant',
      'farhand-hub',
      {},
      /tls\.secretName: expected a Secret .* config\.insecure=true/,
    ],
    [
      'metrics that nobody may read',
      'farhand-hub',
      { ...plainHub, serviceMonitor: { enabled: true } },
      /serviceMonitor\.token: expected/,
    ],
    [
      'copies of nothing',
      'farhand-hub',
      { ...plainHub, backup: { enabled: true }, persistence: { enabled: false } },
      /backup\.enabled: expected persistence/,
    ],
    ['an agent without a hub', 'farhand-agent', {}, /config\.hubUrls: expected where the hub is/],
    [
      'a hub that an agent cannot dial',
      'farhand-agent',
      { config: { hubUrls: 'https://hub.example.org' } },
      /config\/hubUrls.*does not match pattern/,
    ],
    [
      'one of several hubs that an agent cannot dial',
      'farhand-agent',
      { config: { hubUrls: 'wss://hub.example.org, https://hub.example.org' } },
      /config\/hubUrls.*does not match pattern/,
    ],
    [
      'an agent that nobody meant to speak in the clear',
      'farhand-agent',
      { config: { hubUrls: 'wss://hub.example.org, ws://hub.example.org' } },
      /config\.hubUrls: expected wss:\/\/ or grpcs:\/\/ .*got ws:\/\/hub\.example\.org.*config\.insecure=true/,
    ],
    [
      'several agents of one name',
      'farhand-agent',
      { config: { hubUrls: 'wss://h', name: 'a' }, replicas: 2 },
      /config\.name: expected it not to be set with 2 replicas/,
    ],
    [
      'an ephemeral agent that cannot join',
      'farhand-agent',
      { ...plainAgent, identity: 'ephemeral' },
      /secrets\.joinToken: expected a Secret/,
    ],
    [
      'agents that would share a volume',
      'farhand-agent',
      { ...plainAgent, replicas: 2, persistence: { existingClaim: 'mine' } },
      /persistence\.existingClaim: expected one replica with it, got 2/,
    ],
    [
      'names of Secrets that are not written as Kubernetes does',
      'farhand-hub',
      { ...plainHub, image: { pullSecrets: ['login'] } },
      /image\/pullSecrets\/0.*got string, want object/,
    ],
    [
      'labels by which the charts know their own',
      'farhand-hub',
      { ...plainHub, commonLabels: { 'app.kubernetes.io/name': 'x' } },
      /invalid propertyName 'app\.kubernetes\.io\/name'/,
    ],
    [
      'labels that are not text',
      'farhand-hub',
      { ...plainHub, podLabels: { mesh: false } },
      /podLabels\/mesh.*got boolean, want string/,
    ],
    [
      'a name that no Service may have',
      'farhand-agent',
      { ...plainAgent, fullnameOverride: '1-agent' },
      /fullnameOverride: expected a name .*begins with a letter.*got 1-agent/,
    ],
    [
      'a variable that the chart sets itself',
      'farhand-hub',
      { ...plainHub, extraEnv: [{ name: 'FARHAND_LISTEN', value: '0.0.0.0:9' }] },
      /extraEnv: expected FARHAND_LISTEN not to be there.*listenHost/,
    ],
    [
      'a variable that is there twice',
      'farhand-agent',
      { config: { hubUrls: 'wss://h', slots: 3 }, extraEnv: [{ name: 'FARHAND_SLOTS', value: '4' }] },
      /extraEnv: expected FARHAND_SLOTS as config\.slots, and there alone/,
    ],
    [
      'a drain of which the time of the pod does not know',
      'farhand-agent',
      { ...plainAgent, extraEnv: [{ name: 'FARHAND_DRAIN_SECONDS', value: '600' }] },
      /extraEnv: expected FARHAND_DRAIN_SECONDS as config\.drainSeconds/,
    ],
    [
      'copies of a volume that one pod alone may have',
      'farhand-hub',
      { ...plainHub, backup: { enabled: true }, persistence: { accessModes: ['ReadWriteOncePod'] } },
      /persistence\.accessModes: expected ReadWriteOnce with backup\.enabled/,
    ],
    ['a key that is none', 'farhand-agent', { config: { hubUrls: 'wss://h', drianSeconds: 3 } }, /drianSeconds/],
    ['a secret by value', 'farhand-agent', { config: { hubUrls: 'wss://h', joinToken: 'x' } }, /joinToken/],
  ];
  for (const [what, chart, values, words] of refused) {
    it(`refuse ${what}, and say what to do`, async () => {
      const { stderr, exitCode } = await tryTemplate(chart, values);

      assert.notEqual(exitCode, 0);
      assert.match(stderr.replaceAll('\n', ' '), words);
    });
  }
});
