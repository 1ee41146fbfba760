import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process of a job is: what farhand puts around the command, or the command and whatever that started. */
export type JobProcessRole = 'wrapper' | 'sink' | 'command';

export interface JobProcess {
  readonly pid: number;
  readonly role: JobProcessRole;
  readonly job: string;
  readonly attempt: string;
}

/** A look at the processes of this moment that carry an attempt's id and `mark`, an entry of their environment. */
export function findJobProcesses(mark: string): readonly JobProcess[] {
  return findMarked(mark).flatMap((pid) => {
    const environment = readEnvironment(pid);
    const value = (name: string) =>
      environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
    const [job, attempt] = [value('FARHAND_JOB_ID'), value('FARHAND_ATTEMPT_ID')];
    if (job === null || attempt === null) return [];
    const role = value('FARHAND_SINK') !== null ? 'sink' : isWrapper(pid) ? 'wrapper' : 'command';
    return [{ pid, role, job, attempt }];
  });
}

/** A zombie has no environment, so it is not found. */
export function findMarked(mark: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.map(Number).filter((pid) => readEnvironment(pid).includes(mark));
}

/** What an agent keeps to start wrappers with: shells that it started and that have no environment at all. */
export function findLauncherShells(agent: number): readonly number[] {
  const children = attempt(() => readFileSync(`/proc/${agent}/task/${agent}/children`, 'latin1')) ?? '';
  const pids = children.trim().split(' ').filter(Boolean).map(Number);
  return pids.filter((pid) => readEnvironment(pid).length === 0 && readCommand(pid)[0] === '/bin/sh');
}

/** False when it is gone: then there is nothing to signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return attempt(() => process.kill(pid, signal)) ?? false;
}

/** The shell that the agent started: it stands in the attempt's folder, and its command only where the automation says so. */
function isWrapper(pid: number): boolean {
  const [, option, text = '', name] = readCommand(pid);
  const leads = readStatus(pid)[3] === String(pid);
  return leads && option === '-c' && name === 'farhand' && text.startsWith('trap') && folderOf(pid) !== null;
}

function folderOf(pid: number): string | null {
  return attempt(() => readlinkSync(`/proc/${pid}/cwd`)) ?? null;
}

/** What stands behind the name: state, parent, group, session … */
function readStatus(pid: number): readonly string[] {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? '';
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readCommand(pid: number): readonly string[] {
  return (attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0');
}

function readEnvironment(pid: number): readonly string[] {
  return (attempt(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '').split('\0').filter(Boolean);
}

/** A process may be gone between finding it and looking at it. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
