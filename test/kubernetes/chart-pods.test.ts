import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { helmSkip } from '../support/helm.ts';
import { kubeSkip } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { createChartJobs, linesTo, readLedger, toCount, toHeld } from './chart-jobs.ts';
import { type ChartSite, createChartSite, jobsNamespace, nextPod, podId } from './chart-site.ts';

const nodePort = 30_741;
const hubPod = 'hub-farhand-hub-0';
const ours = 'app.kubernetes.io/managed-by=farhand';
/** Agents of one hub in one namespace: by the chart's defaults, and without a runner. */
const agents = {
  verified: { pod: 'verified-farhand-agent-0', selector: 'site=verified' },
  plain: { pod: 'plain-farhand-agent-0', selector: 'site=plain' },
} as const;

/** A pod that writes its ledger onto the node. */
function inPods(folder: string): string {
  const patch = {
    spec: {
      containers: [{ name: 'main', volumeMounts: [{ name: 'ledger', mountPath: '/ledger' }] }],
      volumes: [{ name: 'ledger', hostPath: { path: folder } }],
    },
  };
  const block = { image: 'localhost/busybox:1', patch };
  return `kind: script\nexecutor: kubernetes\nkubernetes: ${JSON.stringify(block)}\n`;
}

/** What the standard "restricted" asks of the container of a job. */
const restricted = {
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      { name: 'main', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
    ],
  },
};

describe('agents of the chart whose jobs are pods', { skip: kubeSkip || helmSkip }, () => {
  let site: ChartSite;
  let ledger = '';
  const { submit, reaches, ends, succeedsHeld } = createChartJobs(() => site);
  const hold = (selector: string) => submit('held', [], selector);

  const hubValues = {
    config: { insecure: true, lostAfterSeconds: 600 },
    service: { type: 'NodePort', nodePort },
    persistence: { storageClass: '-' },
  };

  function toAgentValues(name: keyof typeof agents, config: object = {}) {
    return {
      config: {
        hubUrls: 'ws://hub-farhand-hub.tools.svc:7400',
        insecure: true,
        labels: agents[name].selector,
        // Nothing waits for it: all that runs is pods.
        drainSeconds: 600,
        kubernetes: 'in-cluster',
        kubernetesNamespace: jobsNamespace,
        probes: 'none',
        ...(name === 'plain' ? { kubernetesRunnerImage: 'none' } : {}),
        ...config,
      },
      rbac: { namespaces: ['tools'] },
      secrets: { joinToken: { name: 'join', key: 'token' } },
      persistence: { storageClass: '-' },
      automations: {
        'count.yaml': `${inPods(ledger)}${toCount('/ledger/starts')}`,
        'held.yaml': `${inPods(ledger)}${toHeld('/ledger')}`,
        'guarded.yaml': `kind: script\nexecutor: kubernetes\nkubernetes: ${JSON.stringify({
          image: 'localhost/busybox:1',
          namespace: 'tools',
          patch: restricted,
        })}\nscript: 'echo "as $(id -u)"'\n`,
      },
    };
  }

  /** Resolves with the one pod of the namespace, as text. */
  async function onlyPod(): Promise<string> {
    const { items } = JSON.parse(await site.kubectlOfJobs('get', 'pods', '-l', ours, '-o', 'json'));
    assert.equal(items.length, 1);
    return JSON.stringify(items[0]);
  }

  async function isRunning(id: string): Promise<void> {
    await reaches(id, ['running']);
    await until('it to print', async () => (await site.client('logs', id)).stdout.includes('line 1'), 120_000);
  }

  function leftOfJobs(): Promise<string> {
    return site.kubectlOfJobs('get', 'jobs,pods,secrets,leases', '-o', 'name');
  }

  async function nothingIsLeft(): Promise<void> {
    await until('nothing of the jobs to be left', async () => (await leftOfJobs()).trim() === '', 120_000);
  }

  before(async () => {
    site = await createChartSite({ nodePort });
    ledger = join(site.folder, 'ledger');
    await mkdir(ledger);
    await chmod(site.folder, 0o711);
    await chmod(ledger, 0o777);
    await site.volume('hub', `data-${hubPod}`);
    for (const { pod } of Object.values(agents)) await site.volume(pod, `data-${pod}`);
    await site.release('install', 'hub', 'farhand-hub', hubValues);
    site.signIn((await site.inPod(hubPod, 'cat /var/lib/farhand/data/admin-token')).trim());
    await site.secret('join', (await site.client('token', 'create', '--join', '--uses', '2')).stdout.trim());
    await Promise.all([
      site.release('install', 'verified', 'farhand-agent', toAgentValues('verified')),
      site.release('install', 'plain', 'farhand-agent', toAgentValues('plain')),
    ]);
  });

  after(() => site[Symbol.asyncDispose]());

  for (const [name, { selector }] of Object.entries(agents))
    it(`let somebody outside run a job, follow its log and cancel another (${name})`, async () => {
      const asked = ['run', 'count', '-p', 'seconds:=3', '--selector', selector];
      const followed = await site.client(...asked);
      assert.deepEqual([followed.exitCode, followed.stdout], [0, linesTo(3)], followed.stderr);

      const long = await hold(selector);
      await isRunning(long);
      await site.client('cancel', long);
      assert.equal((await ends(long))['state'], 'cancelled');
      await nothingIsLeft();
    });

  it('have a runner of the image of the chart beside a job, and none where the values say so', async () => {
    const verified = await hold(agents.verified.selector);
    await isRunning(verified);
    const withRunner = await onlyPod();
    await succeedsHeld(verified, ledger);
    await nothingIsLeft();
    const plain = await hold(agents.plain.selector);
    await isRunning(plain);
    const without = await onlyPod();
    await succeedsHeld(plain, ledger);

    assert.match(withRunner, /"image":"localhost\/farhand:built"/);
    assert.doesNotMatch(without, /localhost\/farhand/);
  });

  it('make Jobs in a namespace that an automation names, also one that is restricted', async () => {
    for (const { selector } of Object.values(agents)) {
      const ran = await site.client('run', 'guarded', '--selector', selector);
      assert.deepEqual([ran.exitCode, ran.stdout], [0, 'as 1000\n'], ran.stderr);
    }
  });

  it('lose nothing and run nothing twice when hub and agents are upgraded with other values', async () => {
    const ids = [await hold(agents.verified.selector), await hold(agents.plain.selector)];
    for (const id of ids) await isRunning(id);
    const before = await Promise.all([hubPod, agents.verified.pod, agents.plain.pod].map((pod) => podId(site, pod)));
    const pods = await site.kubectlOfJobs('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');

    await Promise.all([
      site.release('upgrade', 'hub', 'farhand-hub', {
        ...hubValues,
        config: { ...hubValues.config, logLevel: 'debug' },
      }),
      site.release('upgrade', 'verified', 'farhand-agent', toAgentValues('verified', { logLevel: 'debug' })),
      site.release('upgrade', 'plain', 'farhand-agent', toAgentValues('plain', { logLevel: 'debug' })),
    ]);

    const now = await Promise.all([hubPod, agents.verified.pod, agents.plain.pod].map((pod) => podId(site, pod)));
    assert.ok(now.every((uid, index) => uid !== before[index]));
    assert.equal(await site.kubectlOfJobs('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}'), pods);
    for (const id of ids) await succeedsHeld(id, ledger);
    await nothingIsLeft();
  });

  it('go on with a job whose agent was uninstalled, when the agent is installed on its claim again', async () => {
    const id = await hold(agents.plain.selector);
    await isRunning(id);

    await site.helm('uninstall', 'plain', '--wait');
    assert.match(await leftOfJobs(), /job\.batch\/farhand-/);
    await site.release('install', 'plain', 'farhand-agent', toAgentValues('plain'));

    await succeedsHeld(id, ledger);
    await nothingIsLeft();
  });

  it('lose nothing when the pods of hub and agent are killed at once', async () => {
    const id = await hold(agents.verified.selector);
    await isRunning(id);
    const killed = [hubPod, agents.verified.pod];
    const before = await Promise.all(killed.map((pod) => podId(site, pod)));

    await site.kubectl('delete', 'pod', ...killed, '--grace-period=0', '--force');
    await Promise.all(killed.map((pod, index) => nextPod(site, pod, before[index] ?? '')));

    await succeedsHeld(id, ledger);
  });

  it('cancel the pods of an ephemeral agent that is upgraded, for nobody would adopt them', async () => {
    const token = await site.client('token', 'create', '--join', '--ephemeral', '--uses', '9');
    await site.secret('join-again', token.stdout.trim());
    const { persistence: _, ...values } = toAgentValues('plain', { labels: 'site=passing', drainSeconds: 2 });
    const passing = { ...values, identity: 'ephemeral', secrets: { joinToken: { name: 'join-again', key: 'token' } } };
    await site.release('install', 'passing', 'farhand-agent', passing);
    const id = await hold('site=passing');
    await isRunning(id);

    const changed = { ...passing, config: { ...passing.config, logLevel: 'debug' } };
    await site.release('upgrade', 'passing', 'farhand-agent', changed);

    assert.equal((await ends(id))['state'], 'cancelled');
    await nothingIsLeft();
  });

  it('were each started once', async () => {
    const starts = await readLedger(ledger);

    assert.equal(new Set(starts).size, starts.length);
  });

  it('leave nothing behind but the claims that are kept', async () => {
    for (const name of ['passing', 'plain', 'verified', 'hub']) await site.helm('uninstall', name, '--wait');

    const kinds =
      'all,persistentvolumeclaims,configmaps,secrets,serviceaccounts,roles,rolebindings,leases,poddisruptionbudgets';
    const names = (text: string) =>
      text
        .trim()
        .split('\n')
        .filter((name) => name !== '' && !/kube-root-ca|serviceaccount\/default|secret\/join/.test(name));
    const left = await until('what goes in the background to be gone', async () => {
      const found = names(await site.kubectl('get', kinds, '-o', 'name'));
      return found.every((name) => name.startsWith('persistentvolumeclaim/')) ? found : null;
    });
    assert.deepEqual(
      left.map((name) => name.replace('persistentvolumeclaim/', '')).toSorted(),
      [hubPod, agents.plain.pod, agents.verified.pod].map((pod) => `data-${pod}`).toSorted(),
    );
    assert.deepEqual(names(await site.kubectlOfJobs('get', kinds, '-o', 'name')), []);
    const wide = await site.kubectl('get', 'clusterroles,clusterrolebindings', '-o', 'name');
    assert.doesNotMatch(wide, /farhand/);
  });
});
