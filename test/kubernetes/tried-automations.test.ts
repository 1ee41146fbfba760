import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Agent, Automation } from '../../protocol/agent.ts';
import { createPlace, type Environment, farhand } from '../support/farhand-process.ts';
import { kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';

async function ask<T>(client: Environment, path: string): Promise<T> {
  const answer = await fetch(`${client['FARHAND_HUB_URL']}/api/v1${path}`, {
    headers: { authorization: `Bearer ${client['FARHAND_TOKEN']}` },
  });
  return (await answer.json()) as T;
}

const image = '"localhost/busybox:1"';
const files = {
  here: 'run: ["true"]\n',
  good: `run: ["true"]\nexecutor: kubernetes\nkubernetes: {image: ${image}}\n`,
  greedy: `run: ["true"]\nexecutor: kubernetes\nkubernetes: {image: ${image}, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}\n`,
  misspelt: `run: ["true"]\nexecutor: kubernetes\nkubernetes: {image: ${image}, patch: {spec: {tolerationz: []}}}\n`,
  elsewhere: `run: ["true"]\nexecutor: kubernetes\nkubernetes: {image: ${image}, namespace: elsewhere}\n`,
};

suite('automations that a real cluster is to run', { skip: kubeSkip }, () => {
  test('are offered where it takes them, told of in its own words where it does not, and offered once it does', async () => {
    await using cluster = await startKubeCluster({ size: 'control-plane' });
    await using place = await createPlace();
    const automations = join(place.folder, 'automations');
    await mkdir(automations);
    for (const [name, text] of Object.entries(files)) await writeFile(join(automations, `${name}.yaml`), text);
    const environment = {
      FARHAND_KUBERNETES: 'kubeconfig',
      FARHAND_KUBECONFIG: cluster.kubeconfig,
      FARHAND_AUTOMATIONS: automations,
    };

    const checked = await farhand(['automations', 'check'], { environment });
    const { process: hub, address, client } = await place.hub();
    await using _hub = hub;
    await using agent = await place.agent(address, client, environment);
    const offered = async () => (await ask<{ readonly items: readonly Automation[] }>(client, '/automations')).items;
    const isOffered = async (...names: readonly string[]) =>
      (await offered())
        .filter(({ online }) => online > 0)
        .map(({ name }) => name)
        .toSorted()
        .join() === names.toSorted().join();
    await until('the refusals', () => isOffered('here', 'good'));
    const executors = Object.fromEntries((await offered()).map(({ name, executor }) => [name, executor]));
    const { problems } = (await ask<Agent>(client, '/agents/a1')).health ?? { problems: [] };
    const { stdout: table } = await farhand(['automations'], { environment: client });
    await cluster.kubectl('create', 'namespace', 'elsewhere');
    // Another catalog: all are tried again at once.
    await writeFile(join(automations, 'later.yaml'), files.good);
    await until('the namespace to be seen', () => isOffered('here', 'good', 'elsewhere', 'later'), 120_000);

    assert.equal(checked.exitCode, 2);
    assert.match(checked.stdout, /greedy\.yaml: the cluster does not take its Job .*must be less than or equal to cpu/);
    assert.match(checked.stdout, /misspelt\.yaml: .*unknown field "spec\.template\.spec\.tolerationz"/);
    assert.match(checked.stdout, /elsewhere\.yaml: .*namespaces "elsewhere" not found/);
    assert.equal(checked.stdout.trim().split('\n').length, 3);
    assert.deepEqual([executors['here'], executors['good']], ['process', 'kubernetes']);
    assert.match(table, /^good\tcommand\tkubernetes\t1\/1\t/m);
    assert.equal(problems.filter((problem) => problem.includes('the cluster does not take its Job')).length, 3);
    assert.equal(await cluster.kubectl('get', 'jobs', '--all-namespaces', '-o', 'name'), '');
    agent.kill('SIGTERM');
    await agent.ended;
    hub.kill('SIGTERM');
    await hub.ended;
  });
});
