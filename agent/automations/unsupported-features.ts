import type { JsonObject } from '../../protocol/json.ts';
import type { FileFault, FilePath } from './automation-kind.ts';

/** What a file may ask for and this version cannot do. `value` narrows it to one value of the key. */
const unsupportedFeatures: readonly { readonly path: FilePath; readonly value?: string }[] = [
  { path: ['user'] },
  { path: ['before'] },
  { path: ['after'] },
  { path: ['log', 'over'], value: 'gap' },
];

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
  return unsupportedFeatures.flatMap(({ path, value }) => {
    const asked = getAt(file, path);
    if (asked === undefined || asked === null || (value !== undefined && asked !== value)) return [];
    const wish = value === undefined ? '' : `"${value}" is `;
    return [{ path, message: `${wish}not supported by this version yet: take it out` }];
  });
}
