import { Command } from 'commander';
import { Name } from '../../protocol/names.ts';
import { addCertsOptions } from '../certs/certs-options.ts';
import { type IssueOptions, issuePair } from '../certs/issue-pair.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

const usualAccount = 'default';

export function createCertsAgentCommand(context: Context): Command {
  const command = new Command('agent')
    .description('make the client certificate of one agent, which is good for no other')
    .argument('<name>', 'its name (FARHAND_NAME)')
    .option('--account <name>', 'the account that it joins', usualAccount);
  addCertsOptions(command).action((name: string) => makePair(command, context, name));
  return addExamples(command, ['farhand certs agent edge-1', 'certs/agent-edge-1.pem and .key, for its machine']);
}

async function makePair(command: Command, context: Context, name: string): Promise<void> {
  const { account, ...options } = command.opts<IssueOptions & { readonly account: string }>();
  for (const text of [name, account]) {
    const parsed = Name.safeParse(text);
    if (parsed.success) continue;
    throw new Failure(
      exitCodes.usage,
      `${parsed.error.issues[0]?.message ?? 'expected a name'}; got ${JSON.stringify(text)}`,
    );
  }
  const { folder } = options;
  const file = account === usualAccount ? `agent-${name}` : `agent-${account}-${name}`;
  await issuePair(context, options, {
    name: file,
    purpose: 'client',
    commonName: name,
    names: [{ type: 'uri', value: `farhand:agent:${account}/${name}` }],
    next: [
      `the hub: FARHAND_TLS_CLIENT_CA=${folder}/ca.pem`,
      `the agent: FARHAND_TLS_CERT=…/${file}.pem FARHAND_TLS_KEY=…/${file}.key`,
    ],
  });
}
