import type { Job } from '../protocol/job.ts';
import { paintState, toRunTime } from './job-words.ts';
import type { Output } from './output.ts';
import { toProgressWords } from './progress-line.ts';
import type { Table } from './table.ts';
import { toAgeWords } from './time-words.ts';

/** Jobs as rows of a table. How far one is stands in it for a person only: programs have columns to rely on. */
export function toJobTable(output: Output, jobs: readonly Job[], now: number): Table {
  const hasProgress = output.isTerminal && jobs.some(({ progress }) => progress !== null);
  return {
    head: ['ID', 'STATE', 'AUTOMATION', 'AGENT', 'AGE', 'RAN', ...(hasProgress ? ['PROGRESS'] : [])],
    rows: jobs.map((job) => [
      job.id,
      job.state,
      job.automation,
      job.agent ?? '-',
      output.isTerminal ? toAgeWords(Math.max(now - Date.parse(job.createdAt), 0)) : job.createdAt,
      toRunTime(job, now) ?? '-',
      ...(hasProgress ? [job.progress === null ? '' : toProgressWords(job.progress)] : []),
    ]),
    whole: [1],
    paint: (text, { row, column }) => {
      const job = jobs[row];
      return column === 1 && job !== undefined ? paintState(output, job.state, text) : text;
    },
  };
}
