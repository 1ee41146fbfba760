import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { formatMistake } from '../../agent/automations/catalog-mistake.ts';
import { type LoadedCatalog, loadAutomationFile, loadCatalog } from '../../agent/automations/load-catalog.ts';
import { agentConfigSchema, usualAutomations } from '../../agent/config.ts';
import { loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { printJson } from '../json-document.ts';
import { toParameterWords } from '../parameter-words.ts';
import { printTable } from '../table.ts';
import type { ClusterTrials } from '../try-in-cluster.ts';

const details = `
PATH is the folder of FARHAND_AUTOMATIONS, or ./automations, unless it is given.
No hub and no agent is needed, and nothing is run. With FARHAND_KUBERNETES
the cluster is asked whether it would take what is to run there; where it
cannot be asked, that is said, and is no mistake.
Mistakes go to standard output as file:line:column, so that editors and
pipelines can use them.

Exit code: 0 an agent would offer everything; 2 there are mistakes.`;

export function createAutomationsCheckCommand(context: Context): Command {
  const command = new Command('check')
    .description('read automations as an agent would, and say what is wrong with them')
    .argument('[path]', 'the folder, or one file of it')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action((path: string | undefined) => check(command, context, path));
  addExamples(
    command,
    ['farhand automations check ./automations', 'before they reach an agent'],
    ['farhand automations check automations/greet.yaml', 'one of them'],
  );
  return command;
}

async function check(command: Command, context: Context, given: string | undefined): Promise<void> {
  const schema = { automations: agentConfigSchema.automations };
  const configured =
    given === undefined ? loadConfiguration(schema, { environment: context.environment, flags: {} }).automations : null;
  const path = resolve(context.folder, given ?? configured ?? usualAutomations);
  const isFile = given !== undefined && (await stat(path).catch(() => null))?.isFile() === true;
  const loaded = isFile
    ? await loadAutomationFile(path)
    : await loadCatalog(path, configured === null ? { variable: null } : {});
  const { mistakes: refused, untried } = await tryOut(loaded, context);
  const bad = new Set(refused.map(({ file }) => file));
  const { automations, mistakes } = toShownPaths(
    {
      automations: loaded.automations.filter(({ file }) => !bad.has(file)),
      mistakes: [...loaded.mistakes, ...refused],
    },
    context.folder,
  );
  if (mistakes.length > 0) context.exitWith(exitCodes.usage);

  // The command above this one knows the option too, and takes it.
  if (command.optsWithGlobals()['json'] === true) {
    const offered = automations.map(({ file, summary }) => ({ file, ...summary }));
    await printJson(context, { folder: isFile ? dirname(path) : path, automations: offered, mistakes, untried });
    return;
  }
  const { stdout, stderr } = context;
  if (untried !== null) await stderr.line(untried);
  for (const mistake of mistakes) await stdout.line(formatMistake(mistake));
  if (mistakes.length > 0) {
    await stderr.line(`${count(mistakes, 'mistake')}; ${count(automations, 'automation')} in order`);
    return;
  }
  if (automations.length === 0) {
    await stderr.line(`there is no *.yaml in ${path}: an agent would offer nothing`);
    return;
  }
  const rows = automations.map(({ name, kind, file, description, summary }) => [
    name,
    kind,
    file,
    toParameterWords(kind, summary.parameters),
    description ?? '',
  ]);
  await printTable(stdout, ['NAME', 'KIND', 'FILE', 'PARAMETERS', 'DESCRIPTION'], rows);
}

/** What the cluster says, loaded only where something is to run in one. */
async function tryOut({ automations }: LoadedCatalog, { environment }: Context): Promise<ClusterTrials> {
  if (automations.every(({ executor }) => executor.capabilities.sharesMachine)) return { mistakes: [], untried: null };
  const { tryInCluster } = await import('../try-in-cluster.ts');
  return tryInCluster(automations, { environment, signal: new AbortController().signal });
}

function count(items: readonly unknown[], word: string): string {
  return `${items.length} ${word}${items.length === 1 ? '' : 's'}`;
}

/** Paths as short as they can be from where the command was called, if they are below it. */
function toShownPaths(
  { automations, mistakes }: Pick<LoadedCatalog, 'automations' | 'mistakes'>,
  from: string,
): Pick<LoadedCatalog, 'automations' | 'mistakes'> {
  const shorten = <T extends { readonly file: string }>(item: T): T => {
    const short = relative(from, item.file);
    return short === '' || short.startsWith('..') ? item : { ...item, file: short };
  };
  return { automations: automations.map(shorten), mistakes: mistakes.map(shorten) };
}
