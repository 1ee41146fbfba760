import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { withKnownAgent } from '../known-agent.ts';

const details = `
Only one that is offline and whose jobs are over. Jobs that ran on it keep its name, and the audit what was done. If it comes back all the
same, it has to join anew. An administrator's token is needed. FARHAND_FORGET_AGENTS_DAYS of the hub does it by itself.`;

export function createAgentsRemoveCommand(context: Context): Command {
  const command = new Command('remove')
    .description('forget an agent that is offline for good')
    .argument('<agent>', 'its name; of one that was revoked its id (`farhand agents --revoked`)')
    .addHelpText('after', details)
    .action(async (name: string) => {
      const api = accessHub(command, context);
      await withKnownAgent(api, name, () => api.removeAgent(name));
      await context.stdout.line(`${name} is removed`);
    });
  addExamples(command, ['farhand agents remove a1', 'its machine is no more']);
  return addHubOptions(command);
}
