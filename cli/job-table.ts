import type { Job } from '../protocol/job.ts';
import { toTimeWords } from './agent-words.ts';
import { paintState, toRunTime } from './job-words.ts';
import type { Output } from './output.ts';
import { toProgressWords } from './progress-line.ts';
import type { Table } from './table.ts';

/** Jobs as rows of a table. How far one is stands in it for a person only: programs have columns to rely on. */
export function toJobTable(output: Output, jobs: readonly Job[], now: number): Table {
  const hasProgress = output.isTerminal && jobs.some(({ progress }) => progress !== null);
  return {
    head: ['ID', 'STATE', 'AUTOMATION', 'AGENT', 'SUBMITTED', 'RAN', ...(hasProgress ? ['PROGRESS'] : [])],
    rows: jobs.map((job) => [
      job.id,
      job.state,
      job.automation,
      job.agent ?? '-',
      toTimeWords(output, job.createdAt, now),
      toRunTime(job, now) ?? '-',
      ...(hasProgress ? [job.progress === null ? '' : toProgressWords(job.progress)] : []),
    ]),
    paint: (text, { row, column }) => {
      const job = jobs[row];
      return column === 1 && job !== undefined ? paintState(output, job.state, text) : text;
    },
  };
}
