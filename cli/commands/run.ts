import { Command } from 'commander';
import { causeNames, causes } from '../../protocol/cause.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../duration-option.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import { type RequestOptions, submitJob } from '../submit-job.ts';
import { watchToEnd } from '../watch-to-end.ts';

interface RunOptions extends RequestOptions {
  readonly follow: boolean;
  readonly detach?: true;
  readonly json?: boolean;
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
    .option(
      '-p, --parameter <key=value>',
      'a parameter: key=text or key:=json; @file is a JSON object of them; may be repeated',
      collect,
      [],
    )
    .option(
      '--parameters, --parameters-file <file>',
      'all parameters as a file with one JSON object; - is standard input',
    )
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
  addExamples(
    command,
    ['farhand run hello -p name=ada', 'run it and watch it'],
    ['farhand run deploy -l site=ams -p @deploy.json -s token=@token.txt', 'where, with which parameters and secret'],
    ['id=$(farhand run backup --detach)', 'leave it running; farhand logs -f "$id" watches it'],
  );
  return addHubOptions(command);
}

async function run(
  command: Command,
  context: Context,
  options: RunOptions & { readonly automation: string },
): Promise<void> {
  const api = accessHub(command, context);
  const job = await submitJob(api, context, options);
  const { json = false, timestamps = false } = options;
  if (options.detach !== true && options.follow) await watchToEnd(api, context, job, { json, timestamps });
  else if (json) await printJson(context, job);
  else await context.stdout.line(job.id);
}
