import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Automation } from '../../agent/automations/automation.ts';
import { formatMistake } from '../../agent/automations/catalog-mistake.ts';
import { type LoadedCatalog, loadCatalog } from '../../agent/automations/load-catalog.ts';
import { findProgram } from '../../agent/executors/process/find-program.ts';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';

/** What kinds call, beside what their files name themselves. */
const programsOfKinds: Readonly<Record<string, readonly string[]>> = {
  ansible: ['ansible-playbook'],
  terraform: ['terraform'],
  tofu: ['tofu'],
  packer: ['packer'],
  kubernetes: ['kubectl'],
};

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

/** What a file that was found in order names as its program. */
const NamedPrograms = z.object({
  run: z.tuple([z.string()], z.string()).optional(),
  interpreter: z.tuple([z.string()], z.string()).optional(),
  before: z.tuple([z.string()], z.string()).nullish(),
  after: z.tuple([z.string()], z.string()).nullish(),
});

async function judgePrograms(
  { automations, files }: LoadedCatalog,
  path: string | undefined,
): Promise<readonly Found[] | Found> {
  if (files === null || automations.length === 0) return skipped('there is no automation to look at');
  const missing = new Map<string, string[]>();
  for (const automation of automations) {
    for (const program of await findPrograms(automation)) {
      if (findProgram(program, { path, workingDirectory: dirname(automation.file) }) !== null) continue;
      missing.set(program, [...(missing.get(program) ?? []), automation.name]);
    }
  }
  if (missing.size === 0) return ok('all that automations run is there');
  return [...missing]
    .slice(0, maxListed)
    .map(([program, users]) =>
      fault(
        `${program} is not on the PATH of this process, and ${users.slice(0, 5).join(', ')} ${users.length === 1 ? 'runs' : 'run'} it`,
        `Install ${program}, or add its folder to PATH for the agent; take the file out if it is not for this machine`,
      ),
    );
}

/** Programs that are looked for on the PATH. What has a path of its own may be made by a hook, and is not looked for. */
async function findPrograms({ kind, file }: Automation): Promise<readonly string[]> {
  const named = NamedPrograms.safeParse(parse(await readFile(file, 'utf8'))).data;
  const programs = [
    ...(programsOfKinds[kind] ?? []),
    named?.run?.[0],
    kind === 'script' ? (named?.interpreter?.[0] ?? 'sh') : undefined,
    named?.before?.[0],
    named?.after?.[0],
  ];
  return programs.flatMap((program) =>
    program === undefined || program === '' || program.includes('/') ? [] : [program],
  );
}
