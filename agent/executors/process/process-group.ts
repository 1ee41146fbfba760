import { readProcessStatus } from './process-status.ts';

/** Whether anything is in the process group, zombies included. */
export function hasMembers(group: number): boolean {
  return send(-group, 0);
}

/**
 * Signals every process of a group at once: none of them can fork its way out. False when it is empty, when none may be
 * signalled, or when it is the group of this process.
 */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  return readProcessStatus(process.pid)?.group !== group && send(-group, signal);
}

/** Signals one process, unless it is this one or one that this one descends from. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return !isOurselves(pid) && send(pid, signal);
}

/** Whether `pid` is this process or an ancestor. An agent may itself run in an attempt, even of the same id. */
export function isOurselves(pid: number): boolean {
  for (let current = process.pid; current > 1; ) {
    if (current === pid) return true;
    current = readProcessStatus(current)?.parent ?? 0;
  }
  return pid <= 1;
}

function send(target: number, signal: NodeJS.Signals | 0): boolean {
  // 0 and -1 mean our own group and everybody.
  if (target === 0 || target === -1) return false;
  try {
    return process.kill(target, signal);
  } catch (error) {
    // EPERM on a probe says that something is there.
    return signal === 0 && (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
