import { basename, dirname, isAbsolute } from 'node:path';
import type { Automation } from '../../agent/automations/automation.ts';
import { formatMistake } from '../../agent/automations/catalog-mistake.ts';
import { type LoadedCatalog, loadCatalog } from '../../agent/automations/load-catalog.ts';
import { toOwnProgram } from '../../agent/automations/own-program.ts';
import type { NeededProgram } from '../../agent/automations/prepared-command.ts';
import type { Template } from '../../agent/automations/template.ts';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';

/** Longer lists belong into `farhand automations`. */
const maxListed = 20;

/** The automations folder: whether every file can be used, and whether what they run is there. */
export function createAutomationChecks({
  folder,
  path,
}: {
  readonly folder: string;
  readonly path: string | undefined;
}): readonly Check[] {
  let loaded: Promise<LoadedCatalog> | undefined;
  const load = () => {
    loaded ??= loadCatalog(folder);
    return loaded;
  };
  return [
    { name: 'automations', about: 'machine', look: async () => judgeCatalog(folder, await load()) },
    { name: 'programs', about: 'machine', look: async () => judgePrograms(await load(), path) },
  ];
}

function judgeCatalog(folder: string, { automations, mistakes, files }: LoadedCatalog): readonly Found[] | Found {
  if (files === null) {
    return fault(
      mistakes.map(({ message }) => message).join('; '),
      `Make it with an example in it: farhand init ${folder}; or name another one: FARHAND_AUTOMATIONS=…`,
    );
  }
  if (files.length === 0) {
    return warning(
      `${folder} holds no *.yaml file: this agent offers nothing`,
      `Put an example there: farhand init ${folder}`,
    );
  }
  if (mistakes.length === 0) return ok(`${folder} offers ${automations.length}, and every file is in order`);
  return mistakes
    .slice(0, maxListed)
    .map((mistake) =>
      fault(
        formatMistake(mistake),
        `Correct the file (docs/guides/automations.md says what it may hold); it is not offered like this`,
      ),
    );
}

function judgePrograms({ automations, files }: LoadedCatalog, path: string | undefined): readonly Found[] | Found {
  if (files === null || automations.length === 0) return skipped('there is no automation to look at');
  const missing = new Map<string, { readonly remedy: string; readonly users: string[] }>();
  for (const automation of automations) {
    const own = toOwnPath(automation);
    if (own === null) continue;
    for (const { program, remedy } of listPrograms(automation)) {
      if (findProgram(program, { path: own ?? path, workingDirectory: dirname(automation.file) }) !== null) continue;
      const fact = isAbsolute(program)
        ? `${program} is no program that can be executed`
        : `${program} is not on the PATH ${own === undefined ? 'of this process' : `that ${basename(automation.file)} sets`}`;
      const one = missing.get(fact) ?? { remedy: toRemedy(program, remedy), users: [] };
      one.users.push(automation.name);
      missing.set(fact, one);
    }
  }
  if (missing.size === 0) return ok('all that automations run is there');
  return [...missing]
    .slice(0, maxListed)
    .map(([fact, { remedy, users }]) =>
      fault(`${fact}, and ${users.slice(0, 5).join(', ')} ${users.length === 1 ? 'runs' : 'run'} it`, remedy),
    );
}

function toRemedy(program: string, remedy: string): string {
  const found = isAbsolute(program) ? '' : '; if it is there, add its folder to PATH for the agent';
  return `${program}: ${remedy}${found}; take the file out if it is not for this machine`;
}

/** The PATH that the file sets for its jobs; undefined where it leaves it at the agent's, null where only a job decides. */
function toOwnPath({ environment }: Automation): string | null | undefined {
  const template = environment.get('PATH');
  return template === undefined ? undefined : toFixedText(template);
}

function toFixedText(template: Template): string | null {
  return template.every((part) => part.type === 'text') ? template.map((part) => part.text).join('') : null;
}

/** What is looked for on the PATH or has an absolute path. What a path leads to from the attempt's folder may be made by a hook. */
function listPrograms({ needs, before, after }: Automation): readonly NeededProgram[] {
  const hooks = [before, after].flatMap((hook) => {
    const program = hook === null ? null : toFixedText(hook.argv[0] ?? []);
    return program === null ? [] : [toOwnProgram(program)];
  });
  return [...needs, ...hooks].filter(({ program }) => !program.includes('/') || isAbsolute(program));
}
