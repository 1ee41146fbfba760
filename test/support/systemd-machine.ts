import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import { findFreePort } from '../../bench/free-port.ts';
import type { SshTarget } from './ansible-site.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const bootProgram = join(import.meta.dirname, '../machines/fixtures/boot-machine');
const packages = 'systemd,systemd-sysv,dbus,openssh-server,python3,libstdc++6,procps';

/** They would be about the machine below, or ask for a console. */
const masked = [
  'getty.target',
  'systemd-logind.service',
  'modprobe@.service',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-fs-fuse-connections.mount',
  'dev-hugepages.mount',
];

/** A fresh Debian with its own systemd and sshd, and nothing else: a root file system and namespaces of its own, with the network of this machine. */
export interface SystemdMachine extends AsyncDisposable {
  readonly ssh: SshTarget;
  /** Runs a line of sh there, as root, and resolves with what it printed. Rejects when it fails, with what it said. */
  sh(line: string): Promise<string>;
}

/** Why there cannot be one here; null when there can. */
export async function findMachineObstacle(): Promise<string | null> {
  if (process.geteuid?.() !== 0) return 'booting systemd needs root';
  const missing = ['mmdebstrap', 'unshare', 'setpriv', 'ssh', 'ssh-keygen', 'tar'].filter(
    (name) => find(name) === null,
  );
  if (missing.length > 0) return `not installed: ${missing.join(', ')} (Debian: mmdebstrap, openssh-client)`;
  if (findCgroups() === null) return 'no cgroup2 file system is mounted here';
  const flags = ['--mount', '--pid', '--fork', '--uts', '--ipc', '--cgroup', 'true'];
  const isAllowed = await run('unshare', flags).then(
    () => true,
    () => false,
  );
  return isAllowed ? null : 'namespaces of its own are not allowed here';
}

function find(program: string): string | null {
  return findProgram(program, { path, workingDirectory: '/' });
}

function findCgroups(): string | null {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : [];
  return mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1] ?? null;
}

/** `BASE_ROOT` names a tar of the root file system, so that it need not be made anew. */
async function makeRoot(root: string): Promise<void> {
  await mkdir(root);
  const made = `${root}.tar`;
  const base = process.env['BASE_ROOT'] ?? made;
  if (base === made) {
    await run('mmdebstrap', ['--quiet', '--variant=minbase', `--include=${packages}`, 'bookworm', made]);
  }
  await run('tar', ['-xf', base, '-C', root]);
  await rm(made, { force: true });
}

export async function bootMachine(name: string): Promise<SystemdMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-machine-'));
  const file = (path: string) => join(folder, path);
  const root = file('root');
  await makeRoot(root);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-C', 'test', '-N', '', '-f', file('key')]);
  const port = await findFreePort();
  await mkdir(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
  await chmod(join(root, 'root/.ssh'), 0o700);
  await writeFile(join(root, 'root/.ssh/authorized_keys'), await readFile(file('key.pub')), { mode: 0o600 });
  await writeFile(join(root, 'etc/ssh/sshd_config.d/here.conf'), `Port ${port}\nListenAddress 127.0.0.1\n`);
  await writeFile(join(root, 'etc/hostname'), `${name}\n`);
  for (const unit of masked) await symlink('/dev/null', join(root, 'etc/systemd/system', unit));
  const hostKey = await readFile(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
  const knownHosts = `[127.0.0.1]:${port} ${hostKey.split(' ').slice(0, 2).join(' ')}`;
  await writeFile(file('known-hosts'), `${knownHosts}\n`);

  const cgroup = join(findCgroups() ?? '', `farhand-machine-${process.pid}`);
  const log = createWriteStream(file('log'));
  await once(log, 'open');
  const machine = spawn(bootProgram, [root, cgroup], { stdio: ['ignore', log, log] });
  const sh = async (line: string): Promise<string> => {
    const args = ['-i', file('key'), '-p', String(port), '-o', `UserKnownHostsFile=${file('known-hosts')}`];
    const { stdout } = await run('ssh', [...args, '-o', 'BatchMode=yes', 'root@127.0.0.1', line], {
      maxBuffer: 2 ** 26,
    });
    return stdout;
  };
  await until(`${name} to have booted`, () => sh('systemctl is-system-running --wait').catch(() => hasEnded(machine)));
  if (hasEnded(machine)) throw new Error(`the machine did not boot: ${await readFile(file('log'), 'utf8')}`);
  return {
    ssh: { port, user: 'root', privateKey: await readFile(file('key'), 'utf8'), knownHosts },
    sh,
    async [Symbol.asyncDispose]() {
      // The kernel ends all of a process namespace with its first process, and that one ends with this.
      const ended = hasEnded(machine) ? null : once(machine, 'exit');
      machine.kill('SIGKILL');
      await ended;
      log.end();
      await finished(log);
      await removeCgroup(cgroup);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** From the innermost, once the last process is gone. */
async function removeCgroup(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(folder, entry.name));
  }
  await until(`${folder} to be empty`, () =>
    rmdir(folder).then(
      () => true,
      () => false,
    ),
  );
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
