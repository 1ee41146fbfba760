import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import { findFreePort } from '../../bench/free-port.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** A real `sshd` on a loopback port, which lets one key in as the user of the tests. */
export interface SshServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** The private key that it lets in. */
  readonly privateKey: string;
  /** The same key, opened by `passphrase`. */
  readonly lockedKey: string;
  readonly passphrase: string;
  /** Its line of a known_hosts file. */
  readonly knownHosts: string;
  /** The same with the key of another server. */
  readonly wrongKnownHosts: string;
}

/** Why there cannot be one here; null when there can. */
export function findSshServerObstacle(): string | null {
  const missing = ['sshd', 'ssh', 'ssh-keygen', 'ssh-agent'].filter((name) => find(name) === null);
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')} (Debian: openssh-server)`;
}

function find(program: string): string | null {
  return findProgram(program, { path, workingDirectory: '/' });
}

async function makeKey(file: string, passphrase = ''): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-C', 'test', '-N', passphrase, '-f', file]);
}

/** Another process may take the port between the look and the start: then it ends, and another port is tried. */
async function listen(folder: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  for (;;) {
    const port = await findFreePort();
    const pid = join(folder, `pid-${port}`);
    const options = [`Port=${port}`, `PidFile=${pid}`].flatMap((option) => ['-o', option]);
    const child = spawn(find('sshd') ?? 'sshd', ['-D', '-e', '-f', join(folder, 'config'), ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    const started = await until('sshd to be up', () => existsSync(pid) || (child.exitCode !== null && 'ended'));
    if (started === true) return { child, port };
    if (!said.includes('already in use')) throw new Error(`sshd did not start: ${said}`);
  }
}

export async function startSshServer(): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-sshd-'));
  const file = (name: string) => join(folder, name);
  await Promise.all([makeKey(file('host')), makeKey(file('other')), makeKey(file('key'))]);
  const read = async (name: string) => (await readFile(file(name), 'utf8')).trim();
  const privateKey = await readFile(file('key'), 'utf8');
  const passphrase = 'open "sesame" $(id)';
  await writeFile(file('locked'), privateKey, { mode: 0o600 });
  await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', passphrase, '-f', file('locked')]);
  await writeFile(
    file('config'),
    [
      'ListenAddress 127.0.0.1',
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('key.pub')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  // Where an sshd that is started by root goes to be without rights.
  if (process.geteuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const { child, port } = await listen(folder);
  const toLine = (key: string) => `[127.0.0.1]:${port} ${key.split(' ').slice(0, 2).join(' ')}`;
  return {
    port,
    user: userInfo().username,
    privateKey,
    lockedKey: await readFile(file('locked'), 'utf8'),
    passphrase,
    knownHosts: toLine(await read('host.pub')),
    wrongKnownHosts: toLine(await read('other.pub')),
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
