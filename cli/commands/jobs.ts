import { Command, Option } from 'commander';
import { type JobState, jobStates } from '../../protocol/job-state.ts';
import type { Context } from '../context.ts';
import { fetchJob, fetchJobs } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { paintState, toRunTime } from '../job-words.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import { printTable } from '../table.ts';
import { toDurationWords } from '../time-words.ts';
import { toPrintable } from '../to-printable.ts';
import { toWaitingLines } from '../waiting-words.ts';

interface JobsOptions {
  readonly state?: JobState;
  readonly automation?: string;
  readonly agent?: string;
  readonly label?: readonly string[];
  readonly limit: number;
  readonly json?: true;
}

export function createJobsCommand(context: Context): Command {
  const command = new Command('jobs')
    .description('list jobs, the newest first, or show one')
    .argument('[id]', 'the job to show')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(jobStates))
    .option('--automation <name>', 'only jobs of this automation')
    .option('--agent <name>', 'only jobs on this agent')
    .option('--label <key=value...>', 'only jobs that carry this label')
    .option('--limit <number>', 'how many', wholeNumberOption(1, 10_000), 20)
    .option('--json', 'print one JSON document')
    .action(async (id: string | undefined, options: JobsOptions) => {
      if (id === undefined) await listJobs(command, context, options);
      else await showJob(command, context, { id, json: options.json === true });
    });
  return addHubOptions(command);
}

async function listJobs(
  command: Command,
  context: Context,
  { limit, json, label, ...filters }: JobsOptions,
): Promise<void> {
  const { stdout, stderr } = context;
  const { state, automation, agent } = filters;
  const jobs = await fetchJobs(accessHub(command, context), { state, automation, agent, label }, limit);
  if (json === true) {
    await printJson(context, jobs);
    return;
  }
  if (jobs.length === 0 && stdout.isTerminal) await stderr.line('no such jobs; run one with `farhand run AUTOMATION`');
  const now = Date.now();
  const rows = jobs.map((job) => [
    job.id,
    job.state,
    job.automation,
    job.agent ?? '-',
    stdout.isTerminal ? `${toDurationWords(Math.max(now - Date.parse(job.createdAt), 0))} ago` : job.createdAt,
    toRunTime(job, now) ?? '-',
  ]);
  await printTable(stdout, ['ID', 'STATE', 'AUTOMATION', 'AGENT', 'SUBMITTED', 'RAN'], rows);
}

async function showJob(
  command: Command,
  context: Context,
  { id, json }: { readonly id: string; readonly json: boolean },
): Promise<void> {
  const { stdout } = context;
  const job = await fetchJob(accessHub(command, context), id);
  if (json) {
    await printJson(context, job);
    return;
  }
  const now = Date.now();
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', job.id],
    ['state', job.state],
    ['automation', job.automation],
    ['agent', job.agent],
    ['attempt', job.attempt === null ? null : String(job.attempt)],
    ['submitted', job.createdAt],
    ['started', job.startedAt],
    ['finished', job.finishedAt],
    ['ran', toRunTime(job, now)],
    ['cause', job.cause],
    ['message', job.message],
    ['exit code', job.exitCode === null ? null : String(job.exitCode)],
    ['signal', job.signal],
    [
      'progress',
      job.progress === null
        ? null
        : [job.progress.percent === null ? null : `${job.progress.percent} %`, job.progress.message]
            .filter((part) => part !== null)
            .join(' '),
    ],
    [
      'log',
      job.log === null ? null : `${job.log.bytes} bytes${job.log.complete === false ? ', with parts missing' : ''}`,
    ],
    ['selector', job.selector === '' ? null : job.selector],
    [
      'labels',
      Object.keys(job.labels).length === 0
        ? null
        : Object.entries(job.labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(','),
    ],
    ['parameters', JSON.stringify(job.parameters)],
    ['outputs', job.outputs === null ? null : JSON.stringify(job.outputs)],
  ];
  for (const [name, value] of facts) {
    if (value === null) continue;
    const text = toPrintable(value);
    await stdout.line(`${`${name}:`.padEnd(12)} ${name === 'state' ? paintState(stdout, job.state) : text}`);
  }
  if (job.state === 'queued') for (const line of toWaitingLines(job, true)) await stdout.line(line);
}
