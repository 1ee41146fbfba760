import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';

const details = `
When an older copy of the hub's data was put back as bare files, agents notice: they have seen the store further than it is. Jobs
that wait in it may have run since, so the hub offers none. Look at them (\`farhand jobs --state queued\`), cancel those that must
not run again, and then say this. The agents that know more take nothing until \`farhand agent trust-hub\` on their own machine;
where that was said on all of them, this is not needed. The token of an administrator of the account "default" is needed.

Exit code: 0 it is said, or nothing was held; 3 cannot reach the hub, or not allowed.`;

export function createTrustStoreCommand(context: Context): Command {
  const command = new Command('trust-store')
    .description('let a hub offer jobs again whose store was put back from an older copy')
    .option('--json', 'print the agents that knew more as one JSON document')
    .addHelpText('after', details)
    .action(async ({ json }: { readonly json?: true }) => {
      const answer = await accessHub(command, context).trustStore();
      const { agents } = answer;
      if (json === true) await printJson(context, answer);
      else if (agents.length === 0)
        await context.stdout.line('nothing was held: no agent has seen the store further than it is');
      else
        await context.stdout.line(`jobs are offered again; ${agents.join(', ')} had seen the store further than it is`);
    });
  addExamples(
    command,
    ['farhand jobs --state queued', 'what may have run since the copy was made'],
    ['farhand trust-store', 'once those that must not run again are cancelled'],
  );
  return addHubOptions(command);
}
