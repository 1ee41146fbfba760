import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { version } from '../../runtime/version.ts';
import { type AnsibleSite, createAnsibleSite } from '../support/ansible-site.ts';
import { createPlace, type FarhandProcess, type Place } from '../support/farhand-process.ts';
import { createHubApi, type HubApi } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { packProgram, repackAs } from '../support/packed-program.ts';
import { findSshServerObstacle, type SshServer, startSshServer } from '../support/ssh-server.ts';
import { until } from '../support/until.ts';

/** A play is some fifty tasks, each a process of its own over ssh. */
const timeout = 240_000;

/** What sh, systemd or Ansible could make something else of. */
const awkward = `a "b" 'c' $HOME \`id\` \\n {{ '{{' }} 1 # %h`;

const automation = `
kind: script
inherit: [AWKWARD, LEAK_CHECK]
script: |
  printf '%s\\n' "$AWKWARD"
  until [ -e "$FARHAND_PARAM_GATE" ]; do sleep 0.1; done
  echo done
parameters: { type: object, properties: { gate: { type: string } }, required: [gate] }
`;

function findObstacle(): string | false {
  if (process.geteuid?.() !== 0) return 'a role that installs something needs root';
  const ansible = findProgram('ansible-playbook', { path: process.env['PATH'], workingDirectory: '/' });
  if (ansible === null) return 'not installed: ansible-playbook (Debian: ansible-core)';
  return findSshServerObstacle() ?? false;
}

describe('the Ansible role, over ssh to a machine without systemd', { skip: findObstacle() }, () => {
  let folder = '';
  let packages: { readonly old: string; readonly next: string };
  let server: SshServer;
  let site: AnsibleSite;
  let place: Place;
  let hub: FarhandProcess;
  let api: HubApi;
  let agent: ChildProcess | null = null;

  const on = (path: string) => join(folder, 'root', path);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farhand-role-'));
    await mkdir(join(folder, 'root'));
    await mkdir(join(folder, 'automations/parts'), { recursive: true });
    await writeFile(join(folder, 'automations/wait.yaml'), automation);
    await writeFile(join(folder, 'automations/parts/part.txt'), 'part\n');
    const old = await packProgram(folder);
    packages = { old, next: await repackAs(old, '99.0.0') };
    place = await createPlace();
    const started = await place.hub();
    hub = started.process;
    api = createHubApi(started.address, started.client['FARHAND_TOKEN'] ?? '');
    server = await startSshServer();
    const variables: JsonObject = {
      farhand_package: old,
      farhand_node: process.execPath,
      farhand_service_manager: 'none',
      farhand_restart_command: ['touch', on('asked-to-restart')],
      farhand_root: on('opt'),
      farhand_program: on('farhand'),
      farhand_configuration: on('etc'),
      farhand_units: on('units'),
      farhand_agent_home: on('home'),
      farhand_agent_user: 'root',
      farhand_agent_hub_url: started.address.replace('http', 'ws'),
      farhand_agent_join_token: await api.joinToken(),
      farhand_agent_labels: { tier: 'edge', site: 'ams' },
      farhand_agent_automations: join(folder, 'automations'),
      farhand_agent_status_listen: '',
      // As it is, to Ansible.
      farhand_agent_environment: {
        AWKWARD: `{% raw %}${awkward}{% endraw %}`,
        FARHAND_DRAIN_SECONDS: 0,
        FARHAND_PROBES: 'none',
      },
    };
    site = await createAnsibleSite(server, variables);
  });

  after(async () => {
    await stop(agent, 'SIGKILL');
    await site?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  checkLeaks({ settleMs: 10_000 });

  /** What supervises processes there: it reads the same file, and starts the same program, as the unit does. */
  function supervise(): ChildProcess {
    const line = 'set -a; . "$0"; set +a; exec "$1" agent';
    const { PATH, LEAK_CHECK } = process.env;
    const child = spawn('/bin/sh', ['-c', line, on('etc/agent.env'), on('farhand')], {
      env: { PATH, LEAK_CHECK, HOME: on('home') },
      stdio: 'ignore',
    });
    return child;
  }

  it('says in check mode what it would do, and does nothing', { timeout }, async () => {
    const checked = await site.play('agents', { check: true });

    assert.equal(checked.exitCode, 0, checked.output);
    assert.ok(checked.changes > 0, checked.output);
    assert.deepEqual(await readdir(on('.')), []);
  });

  it('installs the program and all that an agent needs, with secrets that only it can read', { timeout }, async () => {
    const installed = await site.play('agents');

    assert.equal(installed.exitCode, 0, installed.output);
    assert.match(await readlink(on('opt/current')), new RegExp(`^releases/${version}-[0-9a-f]{8}$`));
    assert.equal(await readFile(on('etc/automations/wait.yaml'), 'utf8'), automation);
    assert.equal(await readFile(on('etc/automations/parts/part.txt'), 'utf8'), 'part\n');
    for (const [path, mode] of [
      ['etc/agent.env', 0o600],
      ['home', 0o700],
      ['home/join-token', 0o400],
    ] as const) {
      assert.equal((await stat(on(path))).mode & 0o777, mode, path);
    }
    const token = (await readFile(on('home/join-token'), 'utf8')).trim();
    assert.ok(token.length > 20);
    assert.ok(!installed.output.includes(token), 'nor does Ansible tell the token');
    assert.ok(existsSync(on('asked-to-restart')));
  });

  it('changes nothing when it runs again', { timeout }, async () => {
    await rm(on('asked-to-restart'));

    const again = await site.play('agents');

    assert.equal(again.exitCode, 0, again.output);
    assert.deepEqual([again.changes, again.changed], [0, []]);
    assert.ok(!existsSync(on('asked-to-restart')));
  });

  it('upgrades an agent whose job runs on, and leaves neither token nor foreign automations', { timeout }, async () => {
    const gate = join(folder, 'gate');
    agent = supervise();
    await until('the agent to join', async () => (await api.call('GET', '/agents/edge1')).status === 200);
    await api.takesWork('edge1');
    const { labels, version: before } = await api.agent('edge1');
    assert.deepEqual([labels['site'], labels['tier'], before], ['ams', 'edge', version]);
    const { id } = await api.submit({ automation: 'wait', parameters: { gate } });
    await api.jobWhen(id, 'running', ({ state }) => state === 'running');
    await writeFile(on('etc/automations/foreign.yaml'), 'kind: command\nrun: [id]\n');

    const upgraded = await site.play('agents', { variables: { farhand_package: packages.next } });

    assert.equal(upgraded.exitCode, 0, upgraded.output);
    assert.ok(existsSync(on('asked-to-restart')));
    assert.deepEqual((await readdir(on('etc/automations'))).sort(), ['parts', 'wait.yaml']);
    assert.ok(!existsSync(on('home/join-token')));
    assert.doesNotMatch(await readFile(on('etc/agent.env'), 'utf8'), /JOIN/);

    await stop(agent, 'SIGTERM');
    agent = supervise();
    await until('the agent of the next version', async () => (await api.agent('edge1')).version === '99.0.0');
    await writeFile(gate, '');
    const job = await api.end(id);
    assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
    assert.equal((await api.log(id)).toString(), `${awkward}\ndone\n`);
    await stop(agent, 'SIGTERM');
  });

  it('says what it needs', { timeout }, async () => {
    const refused = await site.play('agents', { variables: { farhand_node: '/bin/false' } });

    assert.equal(refused.exitCode, 2);
    assert.match(
      refused.output,
      /Expected Node 24 or newer on edge1, got .* from \/bin\/false\. Name an archive of Node/,
    );
  });
});

async function stop(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
