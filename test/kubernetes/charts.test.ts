import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { helmSkip } from '../support/helm.ts';
import { kubeSkip } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { createChartJobs, linesTo, toCount } from './chart-jobs.ts';
import { type ChartSite, createChartSite, nextPod, podId } from './chart-site.ts';

const nodePort = 30_740;
const hubPod = 'hub-farhand-hub-0';
const agentPod = 'agent-farhand-agent-0';

const automations = { 'count.yaml': `kind: script\n${toCount('/var/lib/farhand/ledger')}` };

const hubValues = {
  config: { insecure: true, lostAfterSeconds: 600 },
  service: { type: 'NodePort', nodePort },
  persistence: { storageClass: '-', whenDeleted: 'Delete' },
  backup: { enabled: true, storageClass: '-' },
};
const agentValues = {
  config: {
    hubUrls: 'ws://hub-farhand-hub.tools.svc:7400',
    insecure: true,
    labels: 'site=cluster',
    drainSeconds: 60,
    probes: 'none',
  },
  secrets: { joinToken: { name: 'join', key: 'token' } },
  persistence: { storageClass: '-', whenDeleted: 'Delete' },
  automations,
  test: { token: { name: 'operator', key: 'token' }, automation: 'hello' },
};

describe('the charts in a cluster', { skip: kubeSkip || helmSkip }, () => {
  let site: ChartSite;

  const jobs = createChartJobs(() => site);
  const { reaches, ends, succeedsWhole } = jobs;
  const submit = (seconds: number, selector = 'site=cluster') =>
    jobs.submit('count', [`seconds:=${seconds}`], selector);

  before(async () => {
    site = await createChartSite({ nodePort });
    await site.volume('hub', `data-${hubPod}`);
    await site.volume('backup', 'hub-farhand-hub-backup');
    await site.volume('agent', `data-${agentPod}`);
  });

  after(() => site[Symbol.asyncDispose]());

  it('install a hub and an agent by the values of a stranger, and the tests of both pass', async () => {
    await site.release('install', 'hub', 'farhand-hub', hubValues);
    site.signIn((await site.inPod(hubPod, 'cat /var/lib/farhand/data/admin-token')).trim());
    await site.secret('join', (await site.client('token', 'create', '--join')).stdout.trim());
    await site.secret('operator', (await site.client('token', 'create', '--role', 'operator')).stdout.trim());
    await site.release('install', 'agent', 'farhand-agent', {
      ...agentValues,
      automations: { ...automations, 'hello.yaml': 'kind: command\nrun: [echo, hello]\n' },
    });

    assert.match(await site.helm('test', 'hub'), /Phase: +Succeeded/);
    assert.match(await site.helm('test', 'agent'), /Phase: +Succeeded/);
    const tried = await site.client('jobs', '--automation', 'hello', '--json');
    assert.match(tried.stdout, /"state": ?"succeeded"/);
  });

  it('let somebody outside run a job, follow its log and cancel another', async () => {
    const followed = await site.client('run', 'count', '-p', 'seconds:=3');
    assert.deepEqual([followed.exitCode, followed.stdout], [0, linesTo(3)], followed.stderr);

    const long = await submit(600);
    await reaches(long, ['running']);
    await site.client('cancel', long);
    assert.equal((await ends(long))['state'], 'cancelled');
  });

  it('lose nothing when the agent is killed in its pod', async () => {
    const id = await submit(8);
    await reaches(id, ['running']);
    const uid = await podId(site, agentPod);

    await site.inPod(
      agentPod,
      'for p in /proc/[0-9]*; do case $(tr "\\0" " " <$p/cmdline) in "node "*" agent "*) kill -9 ${p#/proc/};; esac; done',
    );

    await succeedsWhole(id, 8);
    assert.equal(await podId(site, agentPod), uid);
  });

  it('lose nothing when the pod of the hub is killed', async () => {
    const id = await submit(12);
    await reaches(id, ['running']);
    const uid = await podId(site, hubPod);

    await site.kubectl('delete', 'pod', hubPod, '--grace-period=0', '--force');
    await nextPod(site, hubPod, uid);

    await succeedsWhole(id, 12);
  });

  it('lose nothing when hub and agent are upgraded while jobs run that end within the drain', async () => {
    const ids = [await submit(15), await submit(20)];
    await Promise.all(ids.map((id) => reaches(id, ['running'])));

    await Promise.all([
      site.release('upgrade', 'hub', 'farhand-hub', {
        ...hubValues,
        config: { ...hubValues.config, logLevel: 'debug' },
      }),
      site.release('upgrade', 'agent', 'farhand-agent', {
        ...agentValues,
        config: { ...agentValues.config, logLevel: 'debug' },
      }),
    ]);

    await Promise.all([succeedsWhole(ids[0] ?? '', 15), succeedsWhole(ids[1] ?? '', 20)]);
    const next = await submit(1);
    await succeedsWhole(next, 1);
  });

  it('lose nothing when an upgrade of the hub that can never get ready is rolled back', async () => {
    const id = await submit(25);
    await reaches(id, ['running']);

    const upgrade = ['upgrade', 'hub', 'farhand-hub', '--reuse-values', '--set', 'image.tag=none'];
    await assert.rejects(site.helm(...upgrade, '--wait', '--timeout', '5s'));
    await site.helm('rollback', 'hub', '--wait', '--timeout', '2m');

    await succeedsWhole(id, 25);
  });

  it('cancel what does not end within the drain, and say so', async () => {
    const quick = { ...agentValues, config: { ...agentValues.config, drainSeconds: 2 } };
    await site.release('upgrade', 'agent', 'farhand-agent', quick);
    const id = await submit(600);
    await reaches(id, ['running']);

    await site.kubectl('delete', 'pod', agentPod);

    assert.equal((await ends(id))['state'], 'cancelled');
  });

  it('call a job lost whose pod was gone at once, when the next one is on its volume', async () => {
    await site.kubectl('wait', '--for=condition=ready', `pod/${agentPod}`, '--timeout=180s');
    const id = await submit(600);
    await reaches(id, ['running']);

    await site.kubectl('delete', 'pod', agentPod, '--grace-period=0', '--force');

    const job = await ends(id);
    assert.partialDeepStrictEqual(job, { state: 'lost', started: true });
  });

  it('take a changed automation into use without another pod', async () => {
    await site.kubectl('wait', '--for=condition=ready', `pod/${agentPod}`, '--timeout=180s');
    const uid = await podId(site, agentPod);
    const quick = { ...agentValues, config: { ...agentValues.config, drainSeconds: 2 } };

    await site.release('upgrade', 'agent', 'farhand-agent', {
      ...quick,
      automations: { ...automations, 'later.yaml': 'kind: command\nrun: [echo, later]\n' },
    });

    await until(
      'the automation to be offered',
      async () => (await site.client('automations')).stdout.includes('later'),
      240_000,
    );
    assert.equal(await podId(site, agentPod), uid);
  });

  it('give an ephemeral agent its name back with another pod, and call its job lost', async () => {
    const token = await site.client('token', 'create', '--join', '--ephemeral', '--uses', '9');
    await site.secret('join-again', token.stdout.trim());
    const values = {
      ...agentValues,
      identity: 'ephemeral',
      config: {
        ...agentValues.config,
        labels: 'site=passing',
        kubernetes: 'in-cluster',
        kubernetesInventory: true,
      },
      secrets: { joinToken: { name: 'join-again', key: 'token' } },
    };
    await site.release('install', 'passing', 'farhand-agent', values);
    const id = await submit(600, 'site=passing');
    await reaches(id, ['running']);

    await site.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/instance=passing', '--grace-period=0', '--force');

    assert.partialDeepStrictEqual(await ends(id), { state: 'lost', agent: 'passing-farhand-agent' });
    await succeedsWhole(await submit(1, 'site=passing'), 1);
  });

  it('let an agent that uses its cluster do what it asks for, and no more', async () => {
    const found = await site.inPod('deployment/passing-farhand-agent', 'farhand doctor --agent || true');
    const may = (verb: string, resource: string) =>
      site
        .kubectl('auth', 'can-i', verb, resource, '--as', 'system:serviceaccount:tools:passing-farhand-agent')
        .catch(() => 'no');

    assert.match(found, /all \d+ permissions are there; Jobs are made in tools/);
    assert.equal((await may('create', 'jobs')).trim(), 'yes');
    for (const [verb, resource] of [
      ['get', 'secrets'],
      ['create', 'pods'],
      ['create', 'pods/exec'],
      ['patch', 'deployments'],
    ] as const)
      assert.equal((await may(verb, resource)).trim(), 'no', `${verb} ${resource}`);
    await until('the nodes and apps of the cluster to be known to the hub', async () => {
      const [nodes, apps] = [await site.client('nodes'), await site.client('apps')];
      return nodes.stdout.includes('kube-peer') && apps.stdout.includes('hub-farhand-hub');
    });
  });

  it('make a copy of the hub beside it', async () => {
    await site.kubectl('create', 'job', 'copy', '--from=cronjob/hub-farhand-hub-backup');
    await site.kubectl('wait', '--for=condition=complete', 'job/copy', '--timeout=60s').catch(async (error) => {
      throw new Error(`${await site.describePods()}`, { cause: error });
    });

    assert.match(await site.kubectl('logs', 'job/copy'), /^\/backups\/farhand-.*\.tar$/m);
    await site.kubectl('delete', 'job', 'copy');
  });

  it('ran every job once', async () => {
    const ledger = (await site.inPod(agentPod, 'cat /var/lib/farhand/ledger')).trim().split('\n');

    assert.equal(new Set(ledger).size, ledger.length);
  });

  it('leave nothing behind but the copies', async () => {
    for (const name of ['passing', 'agent', 'hub']) await site.helm('uninstall', name, '--wait');

    const kinds =
      'all,persistentvolumeclaims,configmaps,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies,ingresses,cronjobs';
    const left = await until('what goes in the background to be gone', async () => {
      const found = await site.kubectl('get', kinds, '-o', 'name');
      const ours = found.split('\n').filter((name) => /hub|agent|passing/.test(name));
      return ours.every((name) => name.endsWith('hub-farhand-hub-backup')) ? ours : null;
    });
    assert.deepEqual(left, ['persistentvolumeclaim/hub-farhand-hub-backup']);
  });
});
