import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../free-port.ts';
import type { Workplace } from '../workplace.ts';
import { awaitPeer } from './await-peer.ts';
import { findPeerProgram } from './find-peer-program.ts';

const run = promisify(execFile);

/** `ssh` to this machine, through an sshd of the run's own with keys of its own: what people use where there is nothing else. */
export interface SshPeer extends AsyncDisposable {
  readonly version: string;
  /** The sshd that listens. */
  readonly pid: number;
  /** Program and arguments, to which the remote command is added. `shared`: over one connection that stays open (ControlMaster). */
  readonly argv: (how: 'shared' | 'own') => readonly [string, ...string[]];
  /** Resolves with what the command printed. */
  run(how: 'shared' | 'own', command: readonly string[]): Promise<string>;
}

/** Null where OpenSSH is missing. */
export async function startSshPeer(workplace: Workplace): Promise<SshPeer | null> {
  const [sshd, ssh, keygen] = ['sshd', 'ssh', 'ssh-keygen'].map(findPeerProgram);
  if (!sshd || !ssh || !keygen) return null;
  await using opened = new AsyncDisposableStack();
  const folder = workplace.path('ssh');
  await mkdir(folder, { mode: 0o700 });
  const file = (name: string) => join(folder, name);
  for (const name of ['host', 'user']) await run(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  // Where an sshd that root started goes to be without rights.
  if (process.geteuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await findFreePort();
  await writeFile(file('server'), toServerConfig(file, port));
  await writeFile(file('client'), toClientConfig(file, port));
  const server = await workplace.start(sshd, ['-D', '-e', '-f', file('server')], { stdio: 'ignore' });
  opened.defer(() => server.stop());
  await awaitPeer('sshd', server, () => existsSync(file('pid')));

  const argv = (how: 'shared' | 'own') =>
    [ssh, '-F', file('client'), '-o', `ControlPath=${how === 'shared' ? file('master') : 'none'}`, 'peer'] as const;
  const [, ...options] = argv('shared');
  const master = await workplace.start(ssh, ['-M', '-N', ...options], { stdio: 'ignore' });
  opened.defer(() => master.stop());
  await awaitPeer('the ssh master', master, () => existsSync(file('master')));

  const { stderr: version } = await run(ssh, ['-V']);
  const parts = opened.move();
  return {
    version: version.split(',')[0]?.trim() ?? '',
    pid: server.pid,
    argv,
    async run(how, command) {
      const [program, ...rest] = argv(how);
      return (await run(program, [...rest, ...command])).stdout;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function toServerConfig(file: (name: string) => string, port: number): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('user.pub')}`,
    `PidFile ${file('pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    // The usual 10 would bound what one connection does at once.
    'MaxSessions 100',
    'MaxStartups 100',
    // So deep a bash reads no `.bashrc`, whatever somebody put there: the time would be ssh's.
    'SetEnv SHLVL=2',
    '',
  ].join('\n');
}

function toClientConfig(file: (name: string) => string, port: number): string {
  return [
    'Host peer',
    'HostName 127.0.0.1',
    `Port ${port}`,
    `User ${userInfo().username}`,
    `IdentityFile ${file('user')}`,
    'IdentitiesOnly yes',
    'BatchMode yes',
    'StrictHostKeyChecking no',
    `UserKnownHostsFile ${file('known')}`,
    'LogLevel ERROR',
    '',
  ].join('\n');
}
