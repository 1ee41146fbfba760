import { Command } from 'commander';
import { causeNames, causes } from '../../protocol/cause.ts';
import type { Job } from '../../protocol/job.ts';
import { isFinal } from '../../protocol/job-state.ts';
import type { ApiClient } from '../api-client.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../duration-option.ts';
import { toExitCode } from '../exit-code.ts';
import { followLog } from '../follow-log.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { listenForInterruption } from '../interruption.ts';
import { toEndSentence } from '../job-words.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import { type RequestOptions, submitJob } from '../submit-job.ts';
import { toPrintable } from '../to-printable.ts';
import { watchWaiting } from '../watch-waiting.ts';

interface RunOptions extends RequestOptions {
  readonly follow: boolean;
  readonly detach?: true;
  readonly json?: true;
  readonly timestamps?: boolean;
}

const retryable = causeNames.filter((cause) => causes[cause].retryable);

const details = `
The log goes to standard output as it comes, everything else to standard error; with --json the log goes to standard
error, and standard output gets the ended job as one JSON document. Ctrl-C stops only the watching: the job goes on.

Exit code: 0 succeeded; 1 failed; 2 wrong usage, or the hub does not accept the request; 3 cannot reach the hub, or not
allowed; 4 cancelled or timed out; 5 lost; 130 you stopped watching. With --detach: 0 once the hub has the job.`;

export function createRunCommand(context: Context): Command {
  const collect = (value: string, before: readonly string[]) => [...before, value];
  const command = new Command('run')
    .description('run an automation on an agent, and watch it to its end')
    .argument('<automation>', 'its name (`farhand automations` lists them)')
    .option('-p, --parameter <key=value>', 'a parameter: key=text or key:=json; may be repeated', collect, [])
    .option('--parameters <file>', 'all parameters as a file with one JSON object; - is standard input')
    .option(
      '-s, --secret <name>',
      'a secret: name=@file, name (from that variable), name=value; may be repeated',
      collect,
      [],
    )
    .option(
      '-l, --selector <selector>',
      'agents that may take it, such as site=ams or "tier in (edge,core)"; repeated: all must hold',
      collect,
      [],
    )
    .option('--priority <number>', 'higher goes first', wholeNumberOption(-1000, 1000))
    .option('--timeout <time>', 'stop it after this time, such as 90s or 15m', parseDuration)
    .option('--expires <time>', 'give up when no agent has taken it by then', parseDuration)
    .option(
      '--retry <times>',
      'try again up to this many times, on the causes of --retry-on',
      wholeNumberOption(0, 100),
    )
    .option(
      '--retry-on <cause>',
      `a cause to try again on (default: agent-lost): ${retryable.join(', ')}; may be repeated`,
      collect,
      [],
    )
    .option('--label <key=value>', 'a label for the job itself, to find it by; may be repeated', collect, [])
    .option('--follow', 'watch it to its end (the default)', true)
    .option('--no-follow', 'the same as --detach')
    .option('-d, --detach', "print the job's id and leave")
    .option('--timestamps', 'put the time before each line of the log')
    .option('--json', 'print the job as one JSON document')
    .option('--idempotency-key <key>', 'with the same key the same request runs once, however often it is sent')
    .option('--queue-unknown', 'queue it even though no agent offers the automation yet')
    .addHelpText('after', details)
    .action((automation: string, options: RunOptions) => run(command, context, { ...options, automation }));
  return addHubOptions(command);
}

type RunRequest = RunOptions & { readonly automation: string };

async function run(command: Command, context: Context, options: RunRequest): Promise<void> {
  const api = accessHub(command, context);
  const job = await submitJob(api, context, options);
  if (options.detach === true || !options.follow) {
    if (options.json === true) await printJson(context, job);
    else await context.stdout.line(job.id);
    return;
  }
  const { stderr } = context;
  await stderr.line(stderr.paint('dim', `job ${job.id}`));
  const ended = isFinal(job.state) && job.log === null ? job : await watch(api, context, { ...options, id: job.id });
  if (ended === null) return;
  await stderr.line(toEndSentence(stderr, ended, Date.now()));
  if (options.json === true) await printJson(context, ended);
  else if (ended.outputs !== null) await stderr.line(`outputs ${toPrintable(JSON.stringify(ended.outputs))}`);
  context.exitWith(toExitCode(ended));
}

/** Answers the ended job, or null when the person stopped watching. */
async function watch(
  api: ApiClient,
  context: Context,
  { id, json, timestamps = false }: RunOptions & { readonly id: string },
): Promise<Job | null> {
  const { stdout, stderr } = context;
  const dim = (text: string) => stderr.line(stderr.paint('dim', text));
  using interruption = listenForInterruption();
  const { signal } = interruption;
  const isEnded = new AbortController();
  const waiting = watchWaiting(api, id, { say: dim, signal: AbortSignal.any([signal, isEnded.signal]) });
  try {
    return await followLog(api, id, {
      timestamps,
      write: (bytes) => (json === true ? stderr : stdout).write(bytes),
      note: dim,
      signal,
    });
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    await stderr.line(
      `\nnot watching any more; the job goes on. \`farhand logs -f ${id}\` watches it again, \`farhand cancel ${id}\` stops it`,
    );
    context.exitWith(code);
    return null;
  } finally {
    isEnded.abort();
    await waiting;
  }
}
