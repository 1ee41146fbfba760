import { Command } from 'commander';
import { podConfigSchema } from '../../agent/runner/runner-config.ts';
import { loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';

const details = `
Agents that run jobs as pods start it first of all in each of them: it makes what the runner and the job's container meet in, and puts
there what the container runs under.`;

export function createRunnerPrepareCommand(context: Context): Command {
  const command = new Command('prepare')
    .description('make a pod ready for a runner and the container beside it')
    .option('--shell <file>', 'a shell that needs no library, to put beside the wrapper')
    .addHelpText('after', details)
    .action((options: { readonly shell?: string }) => prepare(command, context, options.shell ?? null));
  addExamples(command, ['farhand runner prepare --shell /bin/busybox', 'as the first container of a pod']);
  return addConfigOptions(command, podConfigSchema, 'Configuration:');
}

async function prepare(command: Command, context: Context, shell: string | null): Promise<void> {
  const { shared, memory } = loadConfiguration(podConfigSchema, toConfigSources(command, podConfigSchema, context));
  const { preparePod } = await import('../../agent/runner/prepare-pod.ts');
  preparePod({ shared, memory, shell });
}
