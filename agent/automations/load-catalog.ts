import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../../runtime/has-code.ts';
import { builtInExecutors } from '../executors/built-in-executors.ts';
import type { Automation } from './automation.ts';
import { type AutomationFile, type KnownWords, readAutomationFile } from './automation-file.ts';
import type { CatalogMistake } from './catalog-mistake.ts';
import { builtInKinds } from './kinds/kinds.ts';

/** The largest file that is read, in bytes. */
const maxFileBytes = 1024 * 1024;

const builtInWords: KnownWords = { kinds: builtInKinds, executors: builtInExecutors };

const utf8 = new TextDecoder('utf-8', { fatal: true });

export interface LoadedCatalog {
  /** Sorted by the names of their files. */
  readonly automations: readonly Automation[];
  readonly mistakes: readonly CatalogMistake[];
  /** Every file that was looked at; null when the folder could not be read. */
  readonly files: readonly string[] | null;
}

/** By its name in the folder: hidden ones, such as editors make while they write, are none. */
export function isAutomationFile(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name);
}

function broken(file: string, message: string): AutomationFile {
  return { type: 'broken', mistakes: [{ file, line: null, column: null, message }] };
}

function getReason(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

async function readOne(path: string, known: KnownWords): Promise<AutomationFile> {
  try {
    const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) return broken(path, 'expected a file, got something else: move it out of this folder');
    if (size > maxFileBytes) return broken(path, `expected at most ${maxFileBytes} bytes, got ${size}`);
    const bytes = await readFile(path);
    return readAutomationFile(path, utf8.decode(bytes), known);
  } catch (error) {
    if (error instanceof TypeError)
      return broken(path, 'expected UTF-8 text, got bytes that are not: save it as UTF-8');
    return broken(path, `cannot be read: ${getReason(error)}`);
  }
}

/** One file, as in a folder of its own. Never rejects. */
export async function loadAutomationFile(path: string): Promise<LoadedCatalog> {
  const read = isAutomationFile(basename(path))
    ? await readOne(path, builtInWords)
    : broken(path, 'expected a name that ends in .yaml or .yml and does not begin with ".": agents leave others alone');
  return read.type === 'broken'
    ? { automations: [], mistakes: read.mistakes, files: [path] }
    : { automations: [read.automation], mistakes: [], files: [path] };
}

/** The first of two files keeps the name. */
function findTakenNames(files: readonly Extract<AutomationFile, { type: 'automation' }>[]): {
  readonly automations: readonly Automation[];
  readonly mistakes: readonly CatalogMistake[];
} {
  const byName = new Map<string, Automation>();
  const mistakes: CatalogMistake[] = [];
  for (const { automation, nameLine } of files) {
    const first = byName.get(automation.name);
    if (first === undefined) byName.set(automation.name, automation);
    else {
      const message = `the name "${automation.name}" is taken by ${first.file}: give one of them another`;
      mistakes.push({ file: automation.file, line: nameLine, column: 1, message });
    }
  }
  return { automations: [...byName.values()], mistakes };
}

export interface LoadOptions extends Partial<KnownWords> {
  /** What names the folder, for messages; FARHAND_AUTOMATIONS when left out, null for nothing that is to be named. */
  readonly variable?: string | null;
  /** Nobody asked for this folder: that it is missing is no mistake. */
  readonly isOptional?: boolean;
}

/**
 * Reads every `*.yaml` and `*.yml` of a folder, in the order of their names; hidden ones are left out. A file with a mistake
 * does not stop the others, and a folder that cannot be read is a mistake too: never rejects.
 */
export async function loadCatalog(folder: string, options: LoadOptions = {}): Promise<LoadedCatalog> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (options.isOptional === true && hasCode(error, 'ENOENT')) return { automations: [], mistakes: [], files: [] };
    const { variable = 'FARHAND_AUTOMATIONS' } = options;
    const named = variable === null ? '' : ` (${variable} names it)`;
    const message = `the folder of automations cannot be read${named}: ${getReason(error)}`;
    return { automations: [], mistakes: [{ file: folder, line: null, column: null, message }], files: null };
  }
  const paths = names
    .filter(isAutomationFile)
    .toSorted()
    .map((name) => join(folder, name));
  const known = { ...builtInWords, ...options };
  const read = await Promise.all(paths.map((path) => readOne(path, known)));
  const taken = findTakenNames(read.filter((file) => file.type === 'automation'));
  const mistakes = read.flatMap((file) => (file.type === 'broken' ? file.mistakes : []));
  return { automations: taken.automations, mistakes: [...mistakes, ...taken.mistakes], files: paths };
}
