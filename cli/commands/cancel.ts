import { Command } from 'commander';
import { isFinal } from '../../protocol/job-state.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';

export function createCancelCommand(context: Context): Command {
  const command = new Command('cancel')
    .description('ask for a job to be stopped: TERM, after a while KILL')
    .argument('<id>', 'the job')
    .option('--json', 'print the job as one JSON document')
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const { stdout } = context;
      const api = accessHub(command, context);
      const job = await api.cancelJob(id);
      if (json === true) await printJson(context, job);
      else if (isFinal(job.state)) await stdout.line(`job ${job.id} ${job.state}`);
      else await stdout.line(`job ${job.id} will be cancelled; it is ${job.state} now`);
    });
  addExamples(command, ['farhand cancel ID', 'farhand jobs ID tells when it has stopped']);
  return addHubOptions(command);
}
