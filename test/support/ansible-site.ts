import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../protocol/json.ts';

const playbooks = join(import.meta.dirname, '../../deploy/ansible');

/** How a playbook went on the one host. */
export interface PlayEnd {
  readonly exitCode: number | null;
  /** All that it printed. */
  readonly output: string;
  /** The names of the tasks that changed something, or would have. */
  readonly changed: readonly string[];
  /** As the recap counts them. */
  readonly changes: number;
}

export interface PlayOptions {
  readonly variables?: JsonObject;
  /** `--check --diff` */
  readonly check?: boolean;
}

/** Where the host is reached by ssh. */
export interface SshTarget {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly knownHosts: string;
}

/** Somebody who looks after one host, `edge1`, with Ansible: an inventory, a key, and the playbooks of `deploy/ansible`. */
export interface AnsibleSite extends AsyncDisposable {
  play(playbook: 'agents' | 'hub', options?: PlayOptions): Promise<PlayEnd>;
}

/** `variables` hold for the host in every play. */
export async function createAnsibleSite(target: SshTarget, variables: JsonObject): Promise<AnsibleSite> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-site-'));
  const file = (name: string) => join(folder, name);
  await mkdir(file('ssh'));
  await writeFile(file('key'), target.privateKey, { mode: 0o600 });
  await writeFile(file('ansible.cfg'), '[defaults]\n');
  await writeFile(file('known-hosts'), `${target.knownHosts}\n`);
  const host = {
    ansible_host: '127.0.0.1',
    ansible_port: target.port,
    ansible_user: target.user,
    ansible_ssh_private_key_file: file('key'),
    ansible_ssh_common_args: `-o UserKnownHostsFile=${file('known-hosts')} -o IdentitiesOnly=yes`,
    ansible_python_interpreter: '/usr/bin/python3',
    ...variables,
  };
  const hosts = { edge1: {} };
  const inventory = { all: { vars: host, children: { farhand_agents: { hosts }, farhand_hub: { hosts } } } };
  // JSON is YAML.
  await writeFile(file('inventory.yml'), JSON.stringify(inventory, null, 2));
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANSIBLE_')));
  const environment = {
    ...inherited,
    HOME: folder,
    ANSIBLE_CONFIG: file('ansible.cfg'),
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_SSH_CONTROL_PATH_DIR: file('ssh'),
    ANSIBLE_SSH_CONTROL_PATH: '%(directory)s/%%C',
  };

  async function run(program: string, args: readonly string[]) {
    const child = spawn(program, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => void (output += chunk.toString('utf8')));
    }
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, output };
  }

  return {
    async play(playbook, { variables: more = {}, check = false } = {}) {
      const flags = check ? ['--check', '--diff'] : [];
      const extra = ['--extra-vars', JSON.stringify(more)];
      const args = ['--inventory', file('inventory.yml'), ...flags, ...extra, join(playbooks, `${playbook}.yml`)];
      const { exitCode, output } = await run('ansible-playbook', args);
      // The shared connection, which would wait for more.
      for (const name of await readdir(file('ssh'))) {
        await run('ssh', ['-S', join(file('ssh'), name), '-O', 'exit', 'edge1']);
      }
      return { exitCode, output, ...readPlay(output) };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function readPlay(output: string): { readonly changed: readonly string[]; readonly changes: number } {
  const changed: string[] = [];
  let task = '';
  for (const line of output.split('\n')) {
    task = /^TASK \[(.*)\]/.exec(line)?.[1] ?? task;
    if (line.startsWith('changed: ') && changed.at(-1) !== task) changed.push(task);
  }
  return { changed, changes: Number(/^edge1 .* changed=(\d+)/m.exec(output)?.[1] ?? Number.NaN) };
}
