import { Command } from 'commander';
import type { Context } from '../context.ts';
import { followLog } from '../follow-log.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { listenForInterruption } from '../interruption.ts';

interface LogsOptions {
  readonly follow?: true;
  readonly timestamps?: true;
}

export function createLogsCommand(context: Context): Command {
  const command = new Command('logs')
    .description("print a job's log as it was written, byte for byte")
    .argument('<id>', 'the job')
    .option('-f, --follow', 'go on until the job has ended; Ctrl-C stops only the printing')
    .option('--timestamps', 'put the time before each line')
    .action((id: string, options: LogsOptions) => printLog(command, context, { id, ...options }));
  return addHubOptions(command);
}

async function printLog(
  command: Command,
  context: Context,
  options: LogsOptions & { readonly id: string },
): Promise<void> {
  const { id, follow = false, timestamps = false } = options;
  const { stdout, stderr } = context;
  const api = accessHub(command, context);
  if (!follow) {
    const response = await api.getJobLog(id, { timestamps });
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
