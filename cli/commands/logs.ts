import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { followLog } from '../follow-log.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { listenForInterruption } from '../interruption.ts';
import { wholeNumberOption } from '../number-option.ts';

interface LogsOptions {
  readonly follow?: true;
  readonly timestamps?: true;
  readonly attempt?: number;
}

export function createLogsCommand(context: Context): Command {
  const command = new Command('logs')
    .description("print a job's log as it was written, byte for byte")
    .argument('<id>', 'the job')
    .option('-f, --follow', 'go on until the job has ended; Ctrl-C stops only the printing')
    .option('--timestamps', 'put the time before each line')
    .option('--attempt <number>', 'of an earlier try at it: 1, 2 …', wholeNumberOption(1, 1_000_000))
    .action((id: string, options: LogsOptions) => printLog(command, context, { id, ...options }));
  addExamples(
    command,
    ['farhand logs ID', 'what it printed so far'],
    ['farhand logs -f ID', 'go on to its end'],
    ['farhand logs ID --attempt 1', 'of the first try'],
  );
  return addHubOptions(command);
}

async function printLog(
  command: Command,
  context: Context,
  options: LogsOptions & { readonly id: string },
): Promise<void> {
  const { id, follow = false, timestamps = false, attempt } = options;
  const { stdout, stderr } = context;
  if (follow && attempt !== undefined) {
    throw new Failure(exitCodes.usage, '--follow goes with the newest attempt only; expected it without --attempt', [
      `What an earlier attempt printed is there as a whole: farhand logs ${id} --attempt ${attempt}`,
    ]);
  }
  const api = accessHub(command, context);
  if (!follow) {
    const response =
      attempt === undefined
        ? await api.getJobLog(id, { timestamps })
        : await api.getAttemptLog(id, attempt, { timestamps });
    for await (const chunk of response.body ?? []) await stdout.write(chunk);
    return;
  }
  using interruption = listenForInterruption();
  try {
    await followLog(api, id, {
      timestamps,
      write: (bytes) => stdout.write(bytes),
      note: (text) => stderr.line(stderr.paint('dim', text)),
      signal: interruption.signal,
    });
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    context.exitWith(code);
  }
}
