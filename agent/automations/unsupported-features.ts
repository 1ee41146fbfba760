import type { JsonObject } from '../../protocol/json.ts';
import type { FileFault, FilePath } from './automation-kind.ts';

/** What a file may ask for and this version cannot do. */
const unsupportedFeatures: readonly FilePath[] = [['user']];

function getAt(file: JsonObject, path: FilePath): unknown {
  let value: unknown = file;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** Refuses what would otherwise be ignored without a word. */
export function findUnsupportedFeatures(file: JsonObject): readonly FileFault[] {
  return unsupportedFeatures
    .filter((path) => (getAt(file, path) ?? null) !== null)
    .map((path) => ({ path, message: 'not supported by this version yet: take it out' }));
}
