import { Command, Option } from 'commander';
import type { Job } from '../../protocol/job.ts';
import { isFinal, type JobState, jobStates } from '../../protocol/job-state.ts';
import { toLabelWords } from '../agent-words.ts';
import type { ApiClient } from '../api-client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes, toExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { fetchJob, fetchJobs } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { toJobTable } from '../job-table.ts';
import { paintState, toRunTime } from '../job-words.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import type { Output } from '../output.ts';
import { toProgressWords } from '../progress-line.ts';
import { toTableLines } from '../table.ts';
import { toPrintable } from '../to-printable.ts';
import { toWaitingLines } from '../waiting-words.ts';
import { watchView } from '../watch-view.ts';

interface JobsOptions {
  readonly state?: JobState;
  readonly automation?: string;
  readonly agent?: string;
  readonly label?: readonly string[];
  readonly limit: number;
  readonly watch?: true;
  readonly json?: true;
}

const details = `
--watch draws the jobs anew whenever something changes, until Ctrl-C; of one job until its end, with its exit code. Where no
terminal is, it prints a line for each job and for each change: id, state, automation, agent, progress.`;

export function createJobsCommand(context: Context): Command {
  const command = new Command('jobs')
    .description('list jobs, the newest first, or show one')
    .argument('[id]', 'the job to show')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(jobStates))
    .option('--automation <name>', 'only jobs of this automation')
    .option('--agent <name>', 'only jobs on this agent')
    .option('--label <key=value...>', 'only jobs that carry this label')
    .option('--limit <number>', 'how many', wholeNumberOption(1, 10_000), 20)
    .option('-w, --watch', 'go on showing it as it changes')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (id: string | undefined, options: JobsOptions) => {
      if (options.watch === true && options.json === true)
        throw new Failure(exitCodes.usage, 'expected --watch or --json, got both', [
          'For programs: --watch without a terminal prints lines with tabs; `farhand events --json` prints each event',
        ]);
      const api = accessHub(command, context);
      if (id !== undefined) await showJob(api, context, id, options);
      else await listJobs(api, context, options);
    });
  addExamples(
    command,
    ['farhand jobs --state failed --label ticket=42', 'which of them'],
    ['farhand jobs ID', 'one in full: cause, outputs, why it waits'],
    ['farhand jobs --watch', 'keep an eye on them'],
  );
  return addHubOptions(command);
}

async function listJobs(api: ApiClient, context: Context, options: JobsOptions): Promise<void> {
  const { stdout, stderr } = context;
  const { state, automation, agent, label, limit, json, watch } = options;
  const look = () => fetchJobs(api, { state, automation, agent, label }, limit);
  if (watch === true) {
    await watchView(context, api, {
      look,
      toScreen: (jobs) => toTableLines(stdout, toJobTable(stdout, jobs, Date.now())),
      toNews: (jobs) => jobs.toReversed().map(toNews),
      isOver: () => false,
    });
    return;
  }
  const jobs = await look();
  if (json === true) return printJson(context, jobs);
  if (jobs.length === 0 && stdout.isTerminal) await stderr.line('no such jobs; run one with `farhand run AUTOMATION`');
  for (const line of toTableLines(stdout, toJobTable(stdout, jobs, Date.now()))) await stdout.line(line);
}

async function showJob(api: ApiClient, context: Context, id: string, { json, watch }: JobsOptions): Promise<void> {
  const { stdout } = context;
  if (watch === true) {
    const ended = await watchView(context, api, {
      look: (signal) => fetchJob(api, id, signal),
      toScreen: (job) => toFullLines(stdout, job, Date.now()),
      toNews: (job) => [toNews(job)],
      isOver: (job) => isFinal(job.state),
    });
    if (ended !== null) context.exitWith(toExitCode(ended));
    return;
  }
  const job = await fetchJob(api, id);
  if (json === true) return printJson(context, job);
  for (const line of toFullLines(stdout, job, Date.now())) await stdout.line(line);
}

function toNews(job: Job): { readonly key: string; readonly line: string } {
  const progress = job.progress === null ? '' : toProgressWords(job.progress);
  return { key: job.id, line: [job.id, job.state, job.automation, job.agent ?? '-', progress].join('\t') };
}

function toFullLines(stdout: Output, job: Job, now: number): readonly string[] {
  const missing = job.log?.complete === false ? ', with parts missing' : '';
  const removedAt = job.log?.removedAt ?? null;
  const removed = removedAt === null ? '' : `, removed ${removedAt}`;
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
    ['progress', job.progress === null ? null : toProgressWords(job.progress)],
    ['log', job.log === null ? null : `${job.log.bytes} bytes${missing}${removed}`],
    ['selector', job.selector === '' ? null : job.selector],
    ['labels', Object.keys(job.labels).length === 0 ? null : toLabelWords(job.labels)],
    ['parameters', JSON.stringify(job.parameters)],
    ['trace', job.traceId],
    ['outputs', job.outputs === null ? null : JSON.stringify(job.outputs)],
  ];
  const lines = facts.flatMap(([name, value]) => {
    if (value === null) return [];
    const text = name === 'state' ? paintState(stdout, job.state) : toPrintable(value);
    return [`${`${name}:`.padEnd(12)} ${text}`];
  });
  return job.state === 'queued' ? [...lines, ...toWaitingLines(job)] : lines;
}
