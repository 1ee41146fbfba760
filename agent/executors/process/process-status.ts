import { readProcessFile } from './process-file.ts';

/** A process as `/proc/<pid>/stat` shows it (proc_pid_stat(5)). */
export interface ProcessStatus {
  readonly pid: number;
  /** Zombies are not alive: nothing of them runs, and in a container whose first process does not reap they stay. */
  readonly alive: boolean;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** In clock ticks since the boot. Together with the process id it names one process of this boot. */
  readonly startTime: string;
  /** Length of the environment it was started with; null while it is being replaced by `exec`, and for the kernel's threads. */
  readonly environmentBytes: number | null;
  readonly ofKernel: boolean;
}

const kernelThreadFlag = 0x0020_0000;

/** Null when there is no such process, or none can be seen. Throws when this process is too short of something to look. */
export function readProcessStatus(pid: number): ProcessStatus | null {
  const content = readProcessFile(pid, 'stat');
  if (typeof content === 'string') return null;
  const text = content.toString('latin1');
  // The name is the second word and may hold anything, also `) `; nothing after it does.
  const words = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const word = (field: number) => words[field - 3] ?? '';
  const environmentEnd = Number(word(51));
  return {
    pid,
    alive: !/^[ZXx]$/.test(word(3)),
    parent: Number(word(4)),
    group: Number(word(5)),
    session: Number(word(6)),
    startTime: word(22),
    environmentBytes: environmentEnd > 0 ? environmentEnd - Number(word(50)) : null,
    ofKernel: (Number(word(9)) & kernelThreadFlag) !== 0,
  };
}

/** Whether that very process still runs. Where the system tells no start time, whether any with its id does. */
export function isAlive({ pid, startTime }: { readonly pid: number; readonly startTime: string | null }): boolean {
  if (startTime === null) return canBeSignalled(pid);
  const status = readProcessStatus(pid);
  return status !== null && status.alive && status.startTime === startTime;
}

function canBeSignalled(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
