import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createAuthority } from '../certs/authority.ts';
import { addCertsOptions } from '../certs/certs-options.ts';
import { type IssueOptions, tellPair, toPaths } from '../certs/issue-pair.ts';
import { writeNewPair } from '../certs/pem-pair.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';

const tenYearsInDays = 3_650;

export function createCertsCaCommand(context: Context): Command {
  const command = new Command('ca')
    .description('make a CA: ca.pem, which everybody trusts, and ca.key, which signs')
    .addOption(
      new Option('--name <text>', 'what it calls itself (default: farhand CA, the day and four letters)').argParser(
        parseName,
      ),
    );
  addCertsOptions(command, { days: tenYearsInDays }).action(() => makeAuthority(command, context));
  return addExamples(command, ['farhand certs ca --folder /root/farhand-ca', 'on a machine that is not the hub']);
}

async function makeAuthority(command: Command, context: Context): Promise<void> {
  const { folder, days, json, name } = command.opts<IssueOptions & { readonly name?: string }>();
  // Two of one day are told apart by it.
  const mark = randomBytes(2).toString('hex');
  const commonName = name ?? `farhand CA ${new Date().toISOString().slice(0, 10)} ${mark}`;
  const paths = toPaths(context, folder, 'ca');
  const pair = createAuthority({ commonName, days });
  await writeNewPair(paths, pair);
  const next = [
    'farhand certs hub NAME…           for the names and addresses that agents dial',
    'farhand certs agent NAME          for an agent, where the hub is to ask for one',
  ];
  await tellPair(context, { paths, pair, next, json });
}

function parseName(text: string): string {
  if (!/^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}])?$/u.test(text))
    throw new InvalidArgumentError('Expected 1 to 64 letters, digits, spaces, ".", "_" or "-".');
  return text;
}
