import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import type { Job } from '../../protocol/job.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { version } from '../../runtime/version.ts';
import { type AnsibleSite, createAnsibleSite } from '../support/ansible-site.ts';
import { createPlace, type FarhandProcess, type Place } from '../support/farhand-process.ts';
import { createHubApi, type HubApi } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { packProgram, repackAs } from '../support/packed-program.ts';
import { bootMachine, findMachineObstacle, type SystemdMachine } from '../support/systemd-machine.ts';
import { until } from '../support/until.ts';

const next = '99.0.0';

/** Says where it is, counts until it may end, and says so. */
const automations = {
  'count.yaml': `
kind: script
script: |
  i=0
  until [ -e /tmp/go-on ]; do i=$((i + 1)); echo "line $i"; sleep 0.05; done
  echo end
`,
  'look.yaml': `
kind: script
script: |
  id -un
  grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/self/status | tr '\\t' ' '
  for place in /etc /usr /opt/farhand /etc/farhand /root /home; do
    if touch $place/here 2>/dev/null; then echo "can write to $place"; rm $place/here; fi
  done
  for place in /tmp /var/tmp /dev/shm "$HOME"; do touch "$place/here" && rm "$place/here" && echo "may write to $place"; done
  cat /etc/farhand/agent.env 2>/dev/null || echo 'cannot read the environment file'
`,
  'as-nobody.yaml': `
kind: command
run: [id, -un]
user: nobody
`,
};

function findObstacle(): string | null {
  const ansible = findProgram('ansible-playbook', { path: process.env['PATH'], workingDirectory: '/' });
  return ansible === null ? 'not installed: ansible-playbook (Debian: ansible-core)' : null;
}

const obstacle = (await findMachineObstacle()) ?? findObstacle();

describe('the Ansible playbooks, on a fresh machine with systemd', { skip: obstacle ?? false }, () => {
  let folder = '';
  let packages: { readonly old: string; readonly next: string };
  let machine: SystemdMachine;
  let site: AnsibleSite;
  let place: Place;
  let hub: FarhandProcess;
  let api: HubApi;
  let environment: JsonObject;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farhand-playbooks-'));
    await mkdir(join(folder, 'automations'));
    for (const [name, text] of Object.entries(automations)) {
      await writeFile(join(folder, 'automations', name), text);
    }
    const old = await packProgram(folder);
    packages = { old, next: await repackAs(old, next) };
    machine = await bootMachine('edge1');
    place = await createPlace();
    const started = await place.hub();
    hub = started.process;
    api = createHubApi(started.address, started.client['FARHAND_TOKEN'] ?? '');
    environment = { FARHAND_DRAIN_SECONDS: 0, FARHAND_PROBES: 'none' };
    site = await createAnsibleSite(machine.ssh, {
      farhand_package: old,
      farhand_node_archive: await packNode(folder),
      farhand_agent_hub_url: started.address.replace('http', 'ws'),
      farhand_agent_join_token: await api.joinToken(),
      farhand_agent_automations: join(folder, 'automations'),
      farhand_agent_environment: environment,
      farhand_agent_status_listen: '127.0.0.1:17401',
      farhand_hub_listen: '127.0.0.1:17400',
    });
  });

  after(async () => {
    await site?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  checkLeaks({ settleMs: 10_000 });

  const ask = async (unit: string, property: string) =>
    (await machine.sh(`systemctl show --property ${property} --value ${unit}`)).trim();

  async function startCounting(): Promise<Job> {
    await machine.sh('rm -f /tmp/go-on');
    await api.takesWork('edge1');
    const { id } = await api.submit({ automation: 'count' });
    return api.jobWhen(id, 'writing', (job) => job.state === 'running');
  }

  /** Lets the job end: once, with each of its lines. */
  async function expectCounted({ id }: Job): Promise<void> {
    await machine.sh('touch /tmp/go-on');
    const job = await api.end(id);
    assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true], job.message ?? '');
    const lines = (await api.log(id)).toString().trimEnd().split('\n');
    assert.deepEqual(
      lines,
      lines.map((_, at) => (at === lines.length - 1 ? 'end' : `line ${at + 1}`)),
    );
  }

  it('say in check mode what they would do, and do nothing', async () => {
    const checked = await site.play('agents', { check: true });

    assert.equal(checked.exitCode, 0, checked.output);
    assert.ok(checked.changed.includes('farhand : Install the unit of farhand-agent'), checked.output);
    const left = await machine.sh(
      'ls -d /opt/farhand /etc/farhand /var/lib/farhand* /usr/local/bin/farhand 2>/dev/null || true; getent passwd farhand || true',
    );
    assert.equal(left, '');
  });

  it('install an agent that joins, and keep no join token', async () => {
    const installed = await site.play('agents');

    assert.equal(installed.exitCode, 0, installed.output);
    assert.equal((await api.agent('edge1')).online, true);
    assert.equal(await ask('farhand-agent', 'UnitFileState'), 'enabled');
    assert.equal(
      await machine.sh(
        'ls /var/lib/farhand-agent; stat -c %a /etc/farhand/agent.env; grep -c JOIN /etc/farhand/agent.env || true',
      ),
      'data\n600\n0\n',
    );
  });

  it('change nothing when they run again', async () => {
    const again = await site.play('agents');

    assert.equal(again.exitCode, 0, again.output);
    assert.deepEqual([again.changes, again.changed], [0, []]);
  });

  it('leave a job no way out of the unit', async () => {
    const { id } = await api.submit({ automation: 'look' });

    assert.equal((await api.end(id)).state, 'succeeded');
    assert.deepEqual((await api.log(id)).toString().trimEnd().split('\n'), [
      'farhand',
      'CapEff: 0000000000000000',
      'CapBnd: 0000000000000000',
      'NoNewPrivs: 1',
      'Seccomp: 2',
      'may write to /tmp',
      'may write to /var/tmp',
      'may write to /dev/shm',
      'may write to /var/lib/farhand-agent',
      'cannot read the environment file',
    ]);
    assert.match(await machine.sh('systemd-analyze security --no-pager farhand-agent | tail -1'), / OK /);
  });

  it('give an agent whose jobs outlive its death', async () => {
    const job = await startCounting();
    const pid = await ask('farhand-agent', 'MainPID');

    await machine.sh('systemctl kill --signal KILL --kill-whom main farhand-agent');

    await until('another agent', async () => {
      const now = await ask('farhand-agent', 'MainPID');
      return now !== '0' && now !== pid;
    });
    await api.takesWork('edge1');
    await expectCounted(job);
  });

  it('upgrade an agent whose jobs run on', async () => {
    const job = await startCounting();

    const upgraded = await site.play('agents', { variables: { farhand_package: packages.next } });

    assert.equal(upgraded.exitCode, 0, upgraded.output);
    assert.equal((await api.agent('edge1')).version, next);
    assert.equal((await api.job(job.id)).state, 'running');
    await expectCounted(job);
    assert.match(await machine.sh('journalctl --unit farhand-agent --output cat'), /attempt recovered/);
  });

  it('read changed automations at once when they are told to', async () => {
    await machine.sh('systemctl reload farhand-agent');

    await until('word of it', async () =>
      /automations read again/.test(await machine.sh('journalctl -u farhand-agent -o cat')),
    );
  });

  it('stop at an agent that does not start, with its own words, while its jobs run on', async () => {
    const job = await startCounting();
    const variables = { farhand_package: packages.next, farhand_wait_seconds: 3 };

    const refused = await site.play('agents', {
      variables: { ...variables, farhand_agent_environment: { ...environment, FARHAND_SLOTS: 'many' } },
    });

    assert.equal(refused.exitCode, 2);
    assert.match(refused.output, /Expected the agent to be connected .* within 3 s, and it is not/);
    assert.match(refused.output, /FARHAND_SLOTS/);
    assert.equal(await ask('farhand-agent', 'NRestarts'), '0', 'it would be the same every time');
    assert.equal(await ask('farhand-agent', 'ExecMainStatus'), '2');

    const mended = await site.play('agents', { variables: { farhand_package: packages.next } });
    assert.equal(mended.exitCode, 0, mended.output);
    await expectCounted(job);
  });

  it('go back by a link alone', async () => {
    const back = await site.play('agents');

    assert.equal(back.exitCode, 0, back.output);
    assert.deepEqual(back.changed, [
      'farhand : Use the release',
      'farhand : Start farhand-agent',
      'farhand : Write down what farhand-agent was started with',
    ]);
    await api.takesWork('edge1');
    assert.equal((await api.agent('edge1')).version, version);
  });

  it('start an agent again that an interrupted run has left as it was', async () => {
    await machine.sh(`cd /opt/farhand && ln -sfn releases/${next}-* current`);

    const resumed = await site.play('agents', { variables: { farhand_package: packages.next } });

    assert.equal(resumed.exitCode, 0, resumed.output);
    assert.deepEqual(resumed.changed, [
      'farhand : Start farhand-agent',
      'farhand : Write down what farhand-agent was started with',
    ]);
    assert.equal((await api.agent('edge1')).version, next);
  });

  it('give an agent that may change the machine, where that is asked for', async () => {
    const widened = await site.play('agents', { variables: { farhand_agent_privileged: true } });

    assert.equal(widened.exitCode, 0, widened.output);
    await api.takesWork('edge1');
    const { id } = await api.submit({ automation: 'look' });
    assert.equal((await api.end(id)).state, 'succeeded');
    const log = (await api.log(id)).toString();
    assert.match(log, /^root$/m);
    for (const folder of ['/etc', '/usr', '/root', '/home'])
      assert.match(log, new RegExp(`^can write to ${folder}$`, 'm'));
    const other = await api.submit({ automation: 'as-nobody' });
    assert.equal((await api.end(other.id)).state, 'succeeded');
    assert.equal((await api.log(other.id)).toString(), 'nobody\n');
  });

  it('remove an agent, but for its data folder', async () => {
    const removed = await site.play('agents', { variables: { farhand_agent_state: 'absent' } });

    assert.equal(removed.exitCode, 0, removed.output);
    assert.equal(await ask('farhand-agent', 'LoadState'), 'not-found');
    assert.equal(
      await machine.sh('ls -A /etc/farhand; ls /var/lib/farhand-agent/data/identity.json'),
      '/var/lib/farhand-agent/data/identity.json\n',
    );
  });

  it('install a hub that comes back when it is killed, twice without a change', async () => {
    const installed = await site.play('hub');
    const again = await site.play('hub');

    assert.equal(installed.exitCode, 0, installed.output);
    assert.deepEqual([again.exitCode, again.changes], [0, 0], again.output);
    const pid = await ask('farhand-hub', 'MainPID');
    assert.match(await machine.sh(`cat /proc/${pid}/status`), /^CapBnd:\t0+$[\s\S]*^NoNewPrivs:\t1$/m);
    assert.match(await machine.sh('systemd-analyze security --no-pager farhand-hub | tail -1'), / OK /);
    await machine.sh('systemctl kill --signal KILL farhand-hub');
    await until('the hub to be back', () =>
      fetch('http://127.0.0.1:17400/readyz').then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    const doctor =
      'FARHAND_HUB_URL=http://127.0.0.1:17400 FARHAND_TOKEN_FILE=/var/lib/farhand-hub/data/admin-token farhand doctor';
    assert.match(await machine.sh(doctor), /ok/);
  });

  it('leave a program that a person can try without anything else', async () => {
    await machine.sh(
      'mkdir /root/try && cd /root/try && farhand init && systemd-run --unit try --working-directory /root/try farhand dev --listen 127.0.0.1:0',
    );

    const ran = await until('a job to have run', () =>
      machine.sh('cd /root/try && farhand run greet -p name=ada').catch(() => null),
    );

    assert.match(ran, /ada/);
    assert.match(await machine.sh('cd /root/try && farhand doctor'), /ok/);
    await machine.sh('systemctl stop try');
  });
});

/** An archive as Node publishes them, of the Node that runs this. */
async function packNode(folder: string): Promise<string> {
  const name = `node-${process.version}-linux-${process.arch}`;
  const file = join(folder, `${name}.tar`);
  const options = ['--dereference', `--transform=s,.*,${name}/bin/node,`];
  execFileSync('tar', ['-cf', file, '--absolute-names', ...options, process.execPath]);
  return file;
}
