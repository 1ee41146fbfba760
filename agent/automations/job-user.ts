import { existsSync, readFileSync } from 'node:fs';
import { execaSync } from 'execa';
import { z } from 'zod';
import { findProgram } from '../executors/process/find-program.ts';

/** A user of this machine that jobs run as. As it is kept on the disk. */
export const JobUser = z.object({
  name: z.string(),
  uid: z.int().min(0),
  /** Its primary group; the others come from the system at the start. */
  gid: z.int().min(0),
  home: z.string(),
});
export type JobUser = Readonly<z.infer<typeof JobUser>>;

/** What the agent does as root on behalf of another user's job, by the bits of `/proc/self/status`. */
const neededCapabilities: ReadonlyMap<number, string> = new Map([
  [0, 'CHOWN'],
  [1, 'DAC_OVERRIDE'],
  [5, 'KILL'],
  [6, 'SETGID'],
  [7, 'SETUID'],
  // Without it the environment of another user's process cannot be read, by which what a job left behind is found.
  [19, 'SYS_PTRACE'],
]);

/** Where the program is that becomes another user; null when there is none that can. That of busybox cannot. */
function findSetpriv(): string | null {
  const program = findProgram('setpriv', { path: undefined, workingDirectory: '/' });
  if (program === null) return null;
  const help = execaSync(program, ['--help'], { reject: false, stdin: 'ignore', timeout: 5_000 });
  return `${help.stdout}${help.stderr}`.includes('--init-groups') ? program : null;
}

function findMissingCapabilities(): readonly string[] {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const bits = BigInt(`0x${mask}`);
  return [...neededCapabilities].filter(([bit]) => ((bits >> BigInt(bit)) & 1n) === 0n).map(([, name]) => name);
}

/** Why this agent cannot run anything as another user; null when it can. */
function findAgentFault(): string | null {
  const uid = process.geteuid?.();
  if (uid !== 0) {
    return `only an agent that runs as root can run a job as another user, this one runs as uid ${uid ?? 'unknown'}: start it as root, or take "user" out`;
  }
  if (!existsSync('/proc/self/status')) return 'jobs run as another user on Linux only: take "user" out';
  const missing = findMissingCapabilities();
  if (missing.length > 0) {
    return `to run a job as another user the agent needs capabilities that it was started without: ${missing.join(', ')} (for a container: ${missing.map((name) => `--cap-add ${name}`).join(' ')})`;
  }
  return findSetpriv() === null
    ? 'to run a job as another user the agent needs the program setpriv of util-linux, and found none: install it (Debian: util-linux, Alpine: setpriv)'
    : null;
}

/** What is wrong with a file's `user`, in words for its author; null when its jobs can be run. */
export function findUserFault(name: string): string | null {
  const fault = findAgentFault();
  if (fault !== null) return fault;
  return findUser(name) === null
    ? `expected the name of a user of this machine, got ${JSON.stringify(name)}: make that user, or name another`
    : null;
}

/** The user as the machine has it now; null when there is none of this name. */
export function findUser(name: string): JobUser | null {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/.test(name)) return null;
  return parseUser(name, readFileSync('/etc/passwd', 'utf8')) ?? parseUser(name, askSystem(name));
}

/** Users that are in no file, of a directory server for one. */
function askSystem(name: string): string {
  const program = findProgram('getent', { path: undefined, workingDirectory: '/' });
  if (program === null) return '';
  return execaSync(program, ['passwd', name], { reject: false, stdin: 'ignore', timeout: 5_000 }).stdout ?? '';
}

function parseUser(name: string, passwd: string): JobUser | null {
  const line = passwd.split('\n').find((text) => text.startsWith(`${name}:`));
  const [, , uid = '', gid = '', , home = '/'] = line?.split(':') ?? [];
  return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? { name, uid: Number(uid), gid: Number(gid), home } : null;
}
