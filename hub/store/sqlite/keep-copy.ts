import { chmodSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { migrations } from './migrations.ts';
import { readSchemaVersion } from './schema-version.ts';

/** Where the store is kept as it was before it was taken from this schema to a newer one. */
function toCopyPath(path: string, version: number): string {
  return `${path}.schema-${version}`;
}

/**
 * Keeps the store as it is, whole, before its tables are changed: the way back to the farhand from before. Answers where, or null when nothing
 * is to be changed. Throws what SQLite throws when there is no room for it; then nothing was changed.
 */
export function keepCopy(database: DatabaseSync, path: string): string | null {
  const version = readSchemaVersion(database);
  if (version === 0 || version >= migrations.length) return null;
  const copy = toCopyPath(path, version);
  const draft = `${copy}.partial`;
  rmSync(draft, { force: true });
  try {
    database.prepare('vacuum into ?').run(draft);
    chmodSync(draft, 0o600);
    renameSync(draft, copy);
  } finally {
    rmSync(draft, { force: true });
  }
  return copy;
}
