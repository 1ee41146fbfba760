import type { Job } from '../protocol/job.ts';
import type { JobState } from '../protocol/job-state.ts';
import type { Output } from './output.ts';
import { toDurationWords } from './time-words.ts';
import { toPrintable } from './to-printable.ts';

const stateColors = {
  queued: 'gray',
  offered: 'gray',
  running: 'cyan',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'yellow',
  'timed-out': 'yellow',
  lost: 'magenta',
} as const satisfies Record<JobState, string>;

/** A newer hub may know other states. */
export function paintState(output: Output, state: JobState, text: string = state): string {
  return output.paint(Object.hasOwn(stateColors, state) ? stateColors[state] : 'gray', text);
}

/** How long it ran, or has been running by now; null before it started. */
export function toRunTime(job: Job, now: number): string | null {
  if (job.startedAt === null) return null;
  const end = job.finishedAt === null ? now : Date.parse(job.finishedAt);
  return toDurationWords(Math.max(end - Date.parse(job.startedAt), 0));
}

/** One sentence: how the job ended, where, and why if it did not go well. */
export function toEndSentence(output: Output, job: Job, now: number): string {
  const parts = [`job ${job.id} ${paintState(output, job.state)}`];
  if (job.agent !== null) parts.push(`on ${job.agent}`);
  const time = toRunTime(job, now);
  if (time !== null) parts.push(`after ${time}`);
  const why = toReason(job);
  return why === null ? parts.join(' ') : `${parts.join(' ')}: ${why}`;
}

function toReason({ state, cause, exitCode, message, log }: Job): string | null {
  const parts: string[] = [];
  if (state !== 'succeeded') {
    if (cause === 'exit-code') parts.push(`exit code ${exitCode}`);
    else if (cause !== null)
      parts.push(message === null || message === '' ? cause : `${cause}, ${toPrintable(message)}`);
  }
  if (log?.complete === false) parts.push('parts of its log are missing');
  return parts.length === 0 ? null : parts.join('; ');
}
