import { Command } from 'commander';
import { Name } from '../../protocol/names.ts';
import { addCertsOptions } from '../certs/certs-options.ts';
import { type IssueOptions, issuePair } from '../certs/issue-pair.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

export function createCertsClientCommand(context: Context): Command {
  const command = new Command('client')
    .description('make the client certificate of a person or a program, where the hub asks everybody for one')
    .argument('<name>', 'whose it is: the hub does not look at it');
  addCertsOptions(command).action((name: string) => makePair(command, context, name));
  return addExamples(command, ['farhand certs client ada', 'certs/client-ada.pem and .key, beside her token']);
}

async function makePair(command: Command, context: Context, name: string): Promise<void> {
  const parsed = Name.safeParse(name);
  if (!parsed.success) {
    throw new Failure(
      exitCodes.usage,
      `${parsed.error.issues[0]?.message ?? 'expected a name'}; got ${JSON.stringify(name)}`,
    );
  }
  await issuePair(context, command.opts<IssueOptions>(), {
    name: `client-${name}`,
    purpose: 'client',
    commonName: name,
    names: [],
    next: [`FARHAND_TLS_CERT=…/client-${name}.pem FARHAND_TLS_KEY=…/client-${name}.key farhand jobs`],
  });
}
