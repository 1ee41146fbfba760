import { Command } from 'commander';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { execConfigSchema } from '../exec/exec-config.ts';
import { readJobRequest } from '../exec/read-job-request.ts';
import { toExitCode } from '../exit-code.ts';
import { printJson } from '../json-document.ts';
import { listenForShutdown } from '../shutdown.ts';

const details = `
FILE holds what \`POST /jobs\` takes, such as {"automation": "hello", "parameters": {"name": "ada"}}; - is standard input. The
automation is one of the folder, and all that holds for jobs of a hub holds here: schemas, hooks, limits, masks, time-outs.
Secrets stand in the document, and in no argument. \`selector\` has to fit this agent's labels; \`retry\` counts; \`priority\` and
\`expiresInSeconds\` mean nothing where nobody waits.

The job's log goes to standard error, byte for byte with secrets masked. Standard output gets the ended job as one JSON
document, as \`GET /jobs/{id}\` shows it. SIGINT, SIGTERM or SIGHUP cancels the job, with the grace of its automation between TERM and
KILL; a second one leaves no grace. A job whose \`farhand exec\` is killed by SIGKILL runs on, and nobody learns how it ends.

Exit code: 0 succeeded; 1 failed; 2 wrong usage, or a document that cannot be run; 4 cancelled or timed out; 5 lost.`;

export function createExecCommand(context: Context): Command {
  const command = new Command('exec')
    .description('run a job document here, without a hub')
    .argument('<file>', 'the job document; - is standard input')
    .option('--verbose', "say what farhand does, too, between the lines of the job's log")
    .addHelpText('after', details)
    .action((file: string, options: { readonly verbose?: true }) =>
      runExec(command, context, { file, verbose: options.verbose === true }),
    );
  addExamples(
    command,
    ['farhand exec job.json', 'one job, without a hub'],
    ['farhand exec - < job.json > result.json', 'its log on standard error, how it ended in a file'],
  );
  return addConfigOptions(command, execConfigSchema, 'Configuration:');
}

async function runExec(
  command: Command,
  context: Context,
  { file, verbose }: { readonly file: string; readonly verbose: boolean },
): Promise<void> {
  const { stderr } = context;
  const { request, warnings } = readJobRequest(file, context.folder);
  const { executeJob } = await import('../exec/execute-job.ts');
  for (const warning of warnings) await stderr.line(`${stderr.paint('yellow', 'warning:')} ${warning}`);
  context.outliveReaders();
  using shutdown = listenForShutdown({ hangup: true });
  const job = await executeJob({
    request,
    source: file === '-' ? 'standard input' : file,
    sources: toConfigSources(command, execConfigSchema, context),
    folder: context.folder,
    environment: context.environment,
    stderr,
    verbose,
    cancel: shutdown.asked,
    hurry: shutdown.forced,
  });
  await printJson(context, job);
  context.exitWith(toExitCode(job));
}
