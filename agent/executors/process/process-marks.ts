import { statSync } from 'node:fs';
import { readProcessFile } from './process-file.ts';
import { readProcessStatus } from './process-status.ts';
import { sinkMarkName } from './sink.ts';

/** The variable that every process of an attempt inherits, however it left its group and session. */
export const markName = 'FARHAND_ATTEMPT_ID';

/**
 * Which attempts a process carries the id of, and whether it is a sink (`sink.ts`).
 *
 * - `gone`: it ended, or only its zombie is left
 * - `unsure`: it is in the middle of an `exec`, when it shows no environment
 */
export type Marks =
  | { readonly type: 'read'; readonly attempts: readonly string[]; readonly sink: boolean }
  | { readonly type: 'gone' }
  | { readonly type: 'unsure' };

const prefix = `${markName}=`;
const sinkEntry = `${sinkMarkName}=1`;
const none: Marks = { type: 'read', attempts: [], sink: false };

/**
 * Processes hidden from us carry nothing: they belong to another user, whose processes we cannot signal either. Throws
 * when this process is too short of something to look.
 */
export function readMarks(pid: number): Marks {
  // The system would refuse these one by one, each with an error that costs more than all the rest.
  const self = process.geteuid?.();
  const owner = self === 0 ? 0 : statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
  if (owner !== self) return owner === undefined ? { type: 'gone' } : none;
  const environment = readProcessFile(pid, 'environ');
  if (environment === 'gone') return { type: 'gone' };
  if (environment === 'hidden') return none;
  if (environment.length === 0) return explainEmptiness(pid);
  if (!environment.includes(prefix)) return none;
  const entries = environment.toString().split('\0');
  const attempts = entries.filter((e) => e.startsWith(prefix)).map((e) => e.slice(prefix.length));
  return { type: 'read', attempts, sink: entries.includes(sinkEntry) };
}

function explainEmptiness(pid: number): Marks {
  const status = readProcessStatus(pid);
  if (status === null || !status.alive) return { type: 'gone' };
  return status.ofKernel || status.environmentBytes === 0 ? none : { type: 'unsure' };
}
