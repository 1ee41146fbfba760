import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { formatMistake } from '../../agent/automations/catalog-mistake.ts';
import { loadCatalog } from '../../agent/automations/load-catalog.ts';
import { hasCode } from '../../runtime/has-code.ts';
import { packageFolder } from '../../runtime/package-folder.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

const starter = join(packageFolder, 'examples/starter');
const defaultFolder = 'automations';

const details = `
Makes the folder with two automations whose comments explain what there is: a command with parameters, and a script with
outputs and hooks. What is there already is never touched.`;

export function createInitCommand(context: Context): Command {
  const command = new Command('init')
    .description('make a folder of automations to begin with')
    .argument('[folder]', 'where', defaultFolder)
    .addHelpText('after', details)
    .action((folder: string) => init(context, folder));
  return addExamples(
    command,
    ['farhand init', 'makes ./automations, which farhand dev finds'],
    ['farhand init /etc/farhand/automations', 'for an agent: FARHAND_AUTOMATIONS'],
  );
}

async function init({ folder: here, stdout, stderr }: Context, folder: string): Promise<void> {
  const target = resolve(here, folder);
  const shown = relative(here, target).startsWith('..') ? target : relative(here, target) || '.';
  await refuseWhatFails(`cannot make the folder ${shown}`, () => mkdir(target, { recursive: true }));
  for (const name of (await readdir(starter)).toSorted()) {
    const path = join(target, name);
    const isNew = await refuseWhatFails(`cannot write ${join(shown, name)}`, () =>
      createFile(path, () => readFile(join(starter, name))),
    );
    await stdout.line(isNew ? `made ${join(shown, name)}` : `kept ${join(shown, name)}: it was there already`);
  }
  const { automations, mistakes } = await loadCatalog(target);
  for (const mistake of mistakes) await stderr.line(stderr.paint('yellow', formatMistake(mistake)));
  const names = automations.map(({ name }) => name);
  await stdout.line(`${shown} offers ${names.length === 0 ? 'nothing yet' : names.join(', ')}`);
  await stdout.line('');
  await stdout.line('Next:');
  const start = target === join(here, defaultFolder) ? 'farhand dev' : `farhand dev --automations ${shown}`;
  await stdout.line(`  ${start.padEnd(34)} a hub and an agent that offers them, in this terminal`);
  await stdout.line(`  ${'farhand run greet -p name=ada'.padEnd(34)} in another terminal, in this folder`);
  await stdout.line(`  ${'farhand doctor'.padEnd(34)} when something does not work`);
}

/** False when there is one already, which stays as it is. */
async function createFile(path: string, content: () => Promise<Uint8Array>): Promise<boolean> {
  try {
    await writeFile(path, await content(), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function refuseWhatFails<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.usage, `${what}: ${why}`, [
      'Name another folder: farhand init FOLDER, or see who owns this one and whether its disk is full',
    ]);
  }
}
