import { toCanonicalJson } from './canonical-json.ts';
import type { JsonObject, JsonValue } from './json.ts';

type Path = readonly string[];

function toPath(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A copy without the places, which is as deep as the paths are long; what is below is shared. */
function without(value: JsonValue, paths: readonly Path[]): JsonValue {
  if (paths.length === 0 || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]): [string, JsonValue][] => {
    const here = paths.filter(([first]) => first === '*' || first === key).map((path) => path.slice(1));
    return here.some((path) => path.length === 0) ? [] : [[key, without(item, here)]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/**
 * Keys of the top level whose value came, went or is another, in order. `volatile` names places (`FactsPointer`) that are left
 * aside. The hub and the agent judge with this same code.
 */
export function findChangedKeys(before: JsonObject, after: JsonObject, volatile: readonly string[]): readonly string[] {
  const paths = volatile.map(toPath);
  const [old, now] = [before, after].map(
    (facts) =>
      new Map(Object.entries(without(facts, paths) as JsonObject).map(([key, value]) => [key, toCanonicalJson(value)])),
  ) as [Map<string, string>, Map<string, string>];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).toSorted();
}
