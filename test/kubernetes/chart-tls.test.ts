import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { farhand } from '../support/farhand-process.ts';
import { helmSkip } from '../support/helm.ts';
import { kubeSkip } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { createChartJobs, linesTo, toCount } from './chart-jobs.ts';
import { type ChartSite, createChartSite, jobsNamespace } from './chart-site.ts';
import { frontSkip, startIngressFront } from './ingress-front.ts';

const nodePort = 30_742;
const hubPod = 'hub-farhand-hub-0';
const agentPod = 'agent-farhand-agent-0';
const service = 'hub-farhand-hub.tools.svc';

const automations = {
  'count.yaml': `kind: script\nexecutor: kubernetes\nkubernetes: {image: localhost/busybox:1}\n${toCount('/dev/null')}`,
  'here.yaml': 'kind: command\nrun: [echo, here]\n',
};

describe('charts with TLS, and behind a path', { skip: kubeSkip || helmSkip || frontSkip }, () => {
  let site: ChartSite;
  const { submit, succeedsWhole } = createChartJobs(() => site);
  const certificate = (name: string) => join(site.folder, 'certs', name);

  async function makeCertificates(...args: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await farhand(['certs', ...args], { folder: site.folder });
    assert.equal(exitCode, 0, stderr);
  }

  const hubValues = {
    config: { lostAfterSeconds: 600 },
    tls: { secretName: 'hub-tls' },
    service: { type: 'NodePort', nodePort },
    persistence: { storageClass: '-' },
  };
  const agentValues = {
    config: {
      hubUrls: `grpcs://${service}:7400`,
      labels: 'site=cluster',
      kubernetes: 'in-cluster',
      kubernetesNamespace: jobsNamespace,
      probes: 'none',
    },
    secrets: { joinToken: { name: 'join', key: 'token' } },
    tls: { ca: { configMapName: 'farhand-ca' } },
    persistence: { storageClass: '-' },
    test: { token: { name: 'operator', key: 'token' }, hubUrl: `https://${service}:7400`, automation: 'here' },
    automations,
  };

  async function countsAsAPod(runners: 0 | 2): Promise<void> {
    const id = await submit('count', ['seconds:=20'], 'site=cluster');
    const pod = await until('its pod to run', async () => {
      const { items } = JSON.parse(await site.kubectlOfJobs('get', 'pods', '-o', 'json'));
      return items.find(({ status }: { readonly status: { readonly phase: string } }) => status.phase === 'Running');
    });
    assert.equal((pod.spec.initContainers ?? []).length, runners);
    await succeedsWhole(id, 20);
  }

  before(async () => {
    site = await createChartSite({ nodePort });
    await site.volume('hub', `data-${hubPod}`);
    await site.volume('agent', `data-${agentPod}`);
    await makeCertificates('ca');
    await makeCertificates('hub', 'hub.example.org', service, site.node);
    await makeCertificates('client', 'ada');
    await makeCertificates('client', 'runner');
    await makeCertificates('agent', agentPod);
    for (const [name, pair] of Object.entries({ 'hub-tls': 'hub', 'agent-tls': `agent-${agentPod}` })) {
      const files = [`--cert=${certificate(`${pair}.pem`)}`, `--key=${certificate(`${pair}.key`)}`];
      await site.kubectl('create', 'secret', 'tls', name, ...files);
    }
    await site.kubectl('create', 'configmap', 'farhand-ca', `--from-file=ca.crt=${certificate('ca.pem')}`);
    await site.kubectl('create', 'secret', 'generic', 'client-ca', `--from-file=ca.crt=${certificate('ca.pem')}`);
    site.reach({
      FARHAND_HUB_URL: `https://${site.node}:${nodePort}`,
      FARHAND_INSECURE: 'false',
      FARHAND_TLS_CA: certificate('ca.pem'),
    });
  });

  after(() => site[Symbol.asyncDispose]());

  it('speak TLS by certificates of `farhand certs`, to people, to an agent by gRPC, and to runners in pods', async () => {
    await site.release('install', 'hub', 'farhand-hub', hubValues);
    site.signIn((await site.inPod(hubPod, 'cat /var/lib/farhand/data/admin-token')).trim());
    await site.secret('join', (await site.client('token', 'create', '--join')).stdout.trim());
    await site.secret('operator', (await site.client('token', 'create', '--role', 'operator')).stdout.trim());
    await site.release('install', 'agent', 'farhand-agent', agentValues);

    assert.match(await site.helm('test', 'hub'), /Phase: +Succeeded/);
    assert.match(await site.helm('test', 'agent'), /Phase: +Succeeded/);
    const { transport } = JSON.parse((await site.client('agents', agentPod, '--json')).stdout);
    assert.equal(transport, 'grpc');
    await countsAsAPod(2);
  });

  it('ask for certificates of clients, and have jobs in pods by the log of the kubelet then', async () => {
    await site.release('upgrade', 'agent', 'farhand-agent', {
      ...agentValues,
      tls: { ...agentValues.tls, clientSecretName: 'agent-tls' },
      // A test of helm has no certificate to show.
      test: {},
    });
    await site.release('upgrade', 'hub', 'farhand-hub', {
      ...hubValues,
      tls: { ...hubValues.tls, clientCa: { name: 'client-ca' } },
    });

    const stranger = await site.client('agents');
    assert.notEqual(stranger.exitCode, 0);
    site.reach({ FARHAND_TLS_CERT: certificate('client-ada.pem'), FARHAND_TLS_KEY: certificate('client-ada.key') });
    await until('the agent to be back', async () => {
      const { stdout } = await site.client('agents', agentPod, '--json');
      return stdout !== '' && JSON.parse(stdout).online === true;
    });
    assert.match(await site.helm('test', 'hub'), /Phase: +Succeeded/);
    assert.match(await site.helm('test', 'agent'), /Phase: +Succeeded/);
    await countsAsAPod(0);
  });

  it('give runners a certificate of their own, by a Secret that the agent names and does not read', async () => {
    const files = { 'tls.crt': 'client-runner.pem', 'tls.key': 'client-runner.key', 'ca.crt': 'ca.pem' };
    const given = Object.entries(files).map(([key, file]) => `--from-file=${key}=${certificate(file)}`);
    await site.kubectlOfJobs('create', 'secret', 'generic', 'way', ...given);

    await site.release('upgrade', 'agent', 'farhand-agent', {
      ...agentValues,
      config: { ...agentValues.config, kubernetesRunnerSecret: 'way' },
      tls: { ...agentValues.tls, clientSecretName: 'agent-tls' },
      test: {},
    });

    await countsAsAPod(2);
  });

  it('are reached below a path, as the Ingress of the chart says, by people, agents and runners', async () => {
    const path = '/tools/farhand';
    await site.release('upgrade', 'hub', 'farhand-hub', {
      ...hubValues,
      config: { ...hubValues.config, insecure: true, trustedProxies: 'uniquelocal' },
      tls: {},
      ingress: { enabled: true, host: 'example.org', path },
    });
    const ingress = JSON.parse(await site.kubectl('get', 'ingress', 'hub-farhand-hub', '-o', 'json'));
    await using front = await startIngressFront(ingress, `http://${site.node}:${nodePort}`);
    site.reach({
      FARHAND_HUB_URL: `http://127.0.0.1:${front.port}${path}`,
      FARHAND_TLS_CA: '',
      FARHAND_TLS_CERT: '',
      FARHAND_TLS_KEY: '',
    });
    await site.release('upgrade', 'agent', 'farhand-agent', {
      ...agentValues,
      config: { ...agentValues.config, hubUrls: `ws://host:${front.port}${path}`, insecure: true },
      tls: {},
      test: {},
    });

    const followed = await site.client('run', 'here', '--selector', 'site=cluster');
    assert.deepEqual([followed.exitCode, followed.stdout], [0, 'here\n'], followed.stderr);
    await countsAsAPod(2);
    const statusOf = async (at: string) => (await fetch(`http://127.0.0.1:${front.port}${at}`)).status;
    assert.deepEqual(await Promise.all(['/livez', `${path}/livez`, `${path}/metrics`].map(statusOf)), [404, 200, 404]);
    const count = await site.client('run', 'count', '-p', 'seconds:=2', '--selector', 'site=cluster');
    assert.equal(count.stdout, linesTo(2));
  });
});
