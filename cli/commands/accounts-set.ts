import { Command, InvalidArgumentError } from 'commander';
import type { Quotas } from '../../client/client.ts';
import { byteCount, wholeNumber } from '../../runtime/configuration/formats.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';

type Quota = Quotas['logBytes'];

interface SetOptions {
  readonly queued?: Quota;
  readonly running?: Quota;
  readonly logBytes?: Quota;
  readonly json?: true;
}

const count = wholeNumber({ from: 0, to: 1_000_000_000 });

export function createAccountsSetCommand(context: Context): Command {
  const command = new Command('set')
    .description('set what an account may have; what is not named stays as it is')
    .argument('<account>', 'its name')
    .option('--queued <number>', 'jobs that wait for an agent', quotaOption(count))
    .option('--running <number>', 'jobs that agents have; more of them wait', quotaOption(count))
    .option(
      '--log-bytes <bytes>',
      'of logs of ended jobs, such as 20GiB; over it nothing is submitted',
      quotaOption(byteCount),
    )
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nEach may be `unlimited`, or `default`: what the configuration of the hub says.')
    .action((name: string, options: SetOptions) => setQuotas(command, context, { name, options }));
  addExamples(
    command,
    ['farhand accounts set red --running 20 --log-bytes 50GiB', 'no more than that'],
    ['farhand accounts set red --running default', 'what everybody may'],
  );
  return addHubOptions(command);
}

async function setQuotas(
  command: Command,
  context: Context,
  { name, options }: { readonly name: string; readonly options: SetOptions },
): Promise<void> {
  const { queued, running, logBytes, json } = options;
  if (queued === undefined && running === undefined && logBytes === undefined) {
    throw new Failure(exitCodes.usage, 'expected one of --queued, --running and --log-bytes, got none', [
      `For example: farhand accounts set ${name} --running 20`,
    ]);
  }
  const api = accessHub(command, context);
  const { quotas, version } = await api.getAccount(name);
  const wanted: Quotas = {
    queuedJobs: queued === undefined ? quotas.queuedJobs : queued,
    runningJobs: running === undefined ? quotas.runningJobs : running,
    logBytes: logBytes === undefined ? quotas.logBytes : logBytes,
  };
  // Somebody else may have set another of them meanwhile: then theirs would be undone.
  const account = await api.setQuotas(name, wanted, { ifMatch: `"${version}"` });
  if (json === true) await printJson(context, account);
  else await context.stdout.line(`the quotas of ${name} are set`);
}

function quotaOption(format: typeof count): (text: string) => Quota {
  return (text) => {
    if (text === 'unlimited') return text;
    if (text === 'default') return null;
    const value = format.fromText(text);
    if (value === undefined) throw new InvalidArgumentError(`Expected ${format.expected}, unlimited or default.`);
    return value;
  };
}
