import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import { createLinuxPressure } from '../../agent/pressure/linux-pressure.ts';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';
import { judgePressure } from './judge-pressure.ts';

/** What an agent needs of the machine beside its folders. */
export function createMachineChecks({ path }: { readonly path: string | undefined }): readonly Check[] {
  return [
    { name: 'shell', about: 'machine', look: async () => judgeShell(path) },
    { name: 'boot id', about: 'machine', look: judgeBootId },
    { name: 'inotify', about: 'machine', look: async () => judgeInotify() },
    { name: 'pressure', about: 'machine', look: async () => judgePressure(createLinuxPressure()()) },
  ];
}

/** How many files and connections the process may have open. */
export function createOpenFilesCheck(wanted: number): Check {
  return { name: 'open files', about: 'machine', look: () => judgeOpenFiles(wanted) };
}

function judgeShell(path: string | undefined): Found {
  const shell = findProgram('sh', { path, workingDirectory: process.cwd() });
  if (shell !== null) return ok(`${shell} starts jobs`);
  return fault(
    `there is no sh on the PATH (${path ?? 'which is not set'}): no job can be started`,
    'Set PATH=/usr/local/bin:/usr/bin:/bin for the agent, or take an image that has a shell',
  );
}

const bootIdFile = '/proc/sys/kernel/random/boot_id';

async function judgeBootId(): Promise<Found> {
  try {
    await readFile(bootIdFile, 'utf8');
    return ok('can be read: jobs of before a reboot are told from those of now');
  } catch {
    return warning(
      `${bootIdFile} cannot be read: a reboot is guessed from the clock`,
      'Let the agent read /proc (in a container: no masked /proc/sys); on another system than Linux there is nothing to mend',
    );
  }
}

function judgeInotify(): Found {
  if (process.platform !== 'linux') return skipped('this is not Linux');
  try {
    watch('/').close();
    return ok('folders can be watched for changes');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return warning(
      `no folder can be watched (${code}): changes are noticed later`,
      'Raise the limits: sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288',
    );
  }
}

async function judgeOpenFiles(wanted: number): Promise<Found> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const limit = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (limit === undefined) return skipped('the limit cannot be seen here');
  const files = limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
  if (files >= wanted) return ok(`up to ${limit} files and connections`);
  return warning(
    `only ${limit} files and connections may be open; expected ${wanted} or more`,
    `Raise it: ulimit -n ${wanted}, or LimitNOFILE=${wanted} in the systemd unit`,
  );
}
