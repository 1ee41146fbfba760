import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { listenForInterruption } from '../interruption.ts';
import { toPrintable } from '../to-printable.ts';

const details = `
One line each: time, what happened, to what, by whom, and its data as JSON. Goes on until Ctrl-C; a hub that is away is waited
for, and nothing is missed meanwhile.`;

export function createEventsCommand(context: Context): Command {
  const command = new Command('events')
    .description('print what happens to jobs and agents, as it happens')
    .option('--job <id>', 'only of this job, from its beginning')
    .option('--json', 'print each event as one line of JSON')
    .addHelpText('after', details)
    .action((options: { readonly job?: string; readonly json?: true }) => printEvents(command, context, options));
  addExamples(
    command,
    ['farhand events', 'what happens from now on'],
    ['farhand events --job ID', 'all that happened to one job'],
  );
  return addHubOptions(command);
}

async function printEvents(
  command: Command,
  context: Context,
  { job, json }: { readonly job?: string; readonly json?: true },
): Promise<void> {
  const { stdout } = context;
  const api = accessHub(command, context);
  using interruption = listenForInterruption();
  const { signal } = interruption;
  try {
    const events = job === undefined ? api.watchEvents({ signal }) : api.watchJob(job, { signal });
    for await (const { data: event } of events) {
      const { at, action, object, actor, data } = event;
      if (json === true) await stdout.line(JSON.stringify(event));
      else await stdout.line([at, action, object, actor, JSON.stringify(data)].map(toPrintable).join('\t'));
    }
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    context.exitWith(code);
  }
}
