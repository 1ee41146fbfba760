import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { withKnownAgent } from '../known-agent.ts';

interface RevokeOptions {
  readonly loseJobs?: true;
  readonly note?: string;
  readonly json?: true;
}

const details = `
Its channels are cut at once, its key opens nothing from then on, and its name may join anew. Nobody can stop what runs on its machine but
somebody there. The hub hears no more of those jobs: they are \`lost\` after FARHAND_LOST_AFTER_SECONDS of the hub, or at once with --lose-jobs.
An administrator's token is needed.

Then change the secrets that jobs on it had, and look at \`farhand audit --object agent:ID\`.`;

export function createAgentsRevokeCommand(context: Context): Command {
  const command = new Command('revoke')
    .description('make the key of an agent worth nothing, and cut its channels')
    .argument('<agent>', 'its name')
    .option('--lose-jobs', 'call what runs on it lost at once')
    .option('--note <text>', 'why, for the audit')
    .option('--json', 'print the agent as one JSON document')
    .addHelpText('after', details)
    .action(async (name: string, { loseJobs, note, json }: RevokeOptions) => {
      const api = accessHub(command, context);
      const wish = { loseJobs: loseJobs === true, note: note ?? null };
      const agent = await withKnownAgent(api, name, () => api.revokeAgent(name, wish));
      if (json === true) return printJson(context, agent);
      await context.stdout.line(`${name} (${agent.id}) is revoked`);
    });
  addExamples(
    command,
    ['farhand agents revoke a1 --note "the machine was stolen"', 'it is out at once'],
    ['farhand agents revoke a1 --lose-jobs', 'and what ran there is lost, or tried again elsewhere where that is safe'],
  );
  return addHubOptions(command);
}
