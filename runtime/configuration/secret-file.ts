import { readFileSync } from 'node:fs';
import { type ConfigSchema, toFileVariable } from './config-key.ts';

/** Secrets are short; whatever is longer is the wrong file. */
const maxSecretFileBytes = 1024 * 1024;

export interface SecretFiles {
  /** The values found in files, by the variable they stand for. */
  readonly values: Readonly<Record<string, string>>;
  readonly mistakes: readonly string[];
}

/**
 * Reads the files that `…_FILE` variables name, for keys that are sensitive. One line end at the end is not part of the secret: editors
 * and `echo` put it there.
 */
export function readSecretFiles(schema: ConfigSchema, given: Readonly<Record<string, string>>): SecretFiles {
  const values: Record<string, string> = {};
  const mistakes: string[] = [];
  for (const { variable, sensitive } of Object.values(schema)) {
    const fileVariable = toFileVariable(variable);
    const path = given[fileVariable];
    if (!sensitive || path === undefined) continue;
    if (given[variable] !== undefined) {
      mistakes.push(`${fileVariable}: expected it or ${variable}, but both are set; remove one`);
      continue;
    }
    try {
      const content = readFileSync(path, 'utf8');
      if (content.length > maxSecretFileBytes)
        mistakes.push(`${fileVariable}: expected a secret in ${path}, got ${content.length} characters`);
      else if (content.trim() === '')
        mistakes.push(`${fileVariable}: expected a secret in ${path}, but the file is empty`);
      else values[variable] = content.replace(/\r?\n$/, '');
    } catch (error) {
      mistakes.push(`${fileVariable}: expected a file that can be read, got ${path} ${toReason(error, variable)}`);
    }
  }
  return { values, mistakes };
}

function toReason(error: unknown, variable: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  switch (code) {
    case 'ENOENT':
      return `(ENOENT: there is none): write the secret into it, name another file, or set ${variable}`;
    case 'EACCES':
      return `(EACCES: not for this user${process.getuid === undefined ? '' : `, uid ${process.getuid()}`}): change its owner or its mode`;
    case 'EISDIR':
      return '(EISDIR: a folder): name the file in it';
    default:
      return `(${error instanceof Error ? error.message : String(error)})`;
  }
}
