import { Command } from 'commander';
import { readCallerTrace } from '../caller-trace.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { rerunJob } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { readSecrets } from '../job-secrets.ts';
import { printJson } from '../json-document.ts';
import { watchToEnd } from '../watch-to-end.ts';

interface RerunOptions {
  readonly secret: readonly string[];
  readonly detach?: true;
  readonly timestamps?: true;
  readonly json?: true;
}

const details = `
Makes a new job with the same automation, parameters, selector, labels, times and retries. Secrets are not kept by the hub:
those that the job had must be given again, all of them. It is watched, and exits, as \`farhand run\` does.`;

export function createRerunCommand(context: Context): Command {
  const command = new Command('rerun')
    .description('run a job again, as a new one, and watch it to its end')
    .argument('<id>', 'the job')
    .option(
      '-s, --secret <name>',
      'a secret that the job had: name=@file, name (from that variable), name=value; may be repeated',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option('-d, --detach', "print the new job's id and leave")
    .option('--timestamps', 'put the time before each line of the log')
    .option('--json', 'print the new job as one JSON document')
    .addHelpText('after', details)
    .action((id: string, options: RerunOptions) => rerun(command, context, id, options));
  addExamples(
    command,
    ['farhand rerun ID', 'run it again, watch it'],
    ['farhand rerun ID -s password=@password.txt', 'it had a secret'],
  );
  return addHubOptions(command);
}

async function rerun(command: Command, context: Context, id: string, options: RerunOptions): Promise<void> {
  const { json = false, timestamps = false } = options;
  const { values, exposed } = readSecrets(options.secret, context.environment);
  const api = accessHub(command, context);
  for (const name of exposed) {
    const warning = `warning: the secret ${name} stands on the command line, where others on this machine can read it; better: -s ${name}=@file`;
    await context.stderr.line(context.stderr.paint('yellow', warning));
  }
  const job = await rerunJob(api, id, { secrets: values, trace: readCallerTrace(context.environment) });
  if (options.detach !== true) await watchToEnd(api, context, job, { json, timestamps });
  else if (json) await printJson(context, job);
  else await context.stdout.line(job.id);
}
