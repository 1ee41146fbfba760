import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { withKnownAgent } from '../known-agent.ts';

const details = `
The agent makes it as soon as it hears of it, and what runs on it goes on. The old key opens nothing once the new one is in its place:
\`farhand agents NAME\` shows another fingerprint then. The hub keeps the wish while the agent is offline. An administrator's token is needed.`;

export function createAgentsRotateKeyCommand(context: Context): Command {
  const command = new Command('rotate-key')
    .description('let an agent make another key, and forget the one that it has')
    .argument('<agent>', 'its name')
    .option('--json', 'print the agent as one JSON document')
    .addHelpText('after', details)
    .action(async (name: string, { json }: { readonly json?: true }) => {
      const api = accessHub(command, context);
      const agent = await withKnownAgent(api, name, () => api.rotateAgentKey(name));
      if (json === true) return printJson(context, agent);
      const when = agent.online ? 'now' : 'when it comes back';
      await context.stdout.line(`${name} makes another key ${when}; ${agent.keyFingerprint} holds until then`);
    });
  addExamples(command, ['farhand agents rotate-key a1', 'after somebody left who could read its disk']);
  return addHubOptions(command);
}
