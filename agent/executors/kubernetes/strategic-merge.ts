import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import { PatchError } from './patch-error.ts';

/**
 * Lists of a pod template whose elements are merged by a key; every other list is replaced as a whole. By the name of their field
 * alone, which is enough: none is merged in one place and replaced in another. Source: `patchMergeKey` in k8s.io/api/core/v1/types.go.
 */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  imagePullSecrets: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  ports: 'containerPort',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
};

const directive = '$patch';
const retainKeys = '$retainKeys';

/**
 * Kubernetes' strategic merge of a patch over a pod template, as the API server does it: maps are merged, null removes, the keyed lists
 * are merged element by element, `$patch` replaces or deletes, `$retainKeys` drops the other keys. Changes neither argument. Throws
 * `PatchError` where the API server would refuse the patch, and for the directives that only programs write.
 */
export function mergeStrategically(original: JsonObject, patch: JsonObject): JsonObject {
  return mergeMaps(original, patch, []);
}

type Path = readonly (string | number)[];

function isMap(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mergeMaps(original: JsonObject, patch: JsonObject, path: Path): JsonObject {
  const asked = patch[directive];
  if (asked === 'delete') return {};
  if (asked === 'replace') return withoutDirectives(patch, path);
  if (asked !== undefined) throw refuseDirective(asked, path);
  const merged = new Map(Object.entries(retain(original, patch, path)));
  for (const [key, value] of Object.entries(patch)) {
    if (key === retainKeys) continue;
    const at = [...path, key];
    if (key.startsWith('$')) throw new PatchError(at, 'expected a field, got a directive that is not offered here');
    const present = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isMap(present) && isMap(value)) merged.set(key, mergeMaps(present, value, at));
    else if (Array.isArray(present) && Array.isArray(value)) merged.set(key, mergeLists(present, value, at));
    else merged.set(key, toAdded(value, at));
  }
  return Object.fromEntries(merged);
}

function retain(original: JsonObject, patch: JsonObject, path: Path): JsonObject {
  const kept = patch[retainKeys];
  if (kept === undefined) return original;
  if (!Array.isArray(kept)) throw new PatchError([...path, retainKeys], 'expected a list of keys');
  const missing = Object.keys(patch).find((key) => key !== retainKeys && !kept.includes(key));
  if (missing !== undefined) throw new PatchError([...path, missing], `expected a key that ${retainKeys} names`);
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.includes(key)));
}

function mergeLists(original: readonly JsonValue[], patch: readonly JsonValue[], path: Path): JsonValue[] {
  const key = mergeKeys[String(path.at(-1))];
  if (key === undefined) return [...patch];
  const elements = patch.map((element, index) => {
    if (isMap(element) && (element[key] !== undefined || element[directive] === 'replace')) return element;
    throw new PatchError(
      [...path, index],
      `expected an object with ${JSON.stringify(key)}, by which this list is merged`,
    );
  });
  const plain: { readonly element: JsonObject; readonly index: number }[] = [];
  let base = original.filter(isMap);
  let replaces = false;
  for (const [index, element] of elements.entries()) {
    const asked = element[directive];
    if (asked === 'delete') base = base.filter((found) => found[key] !== element[key]);
    else if (asked === 'replace') replaces = true;
    else if (asked === undefined) plain.push({ element, index });
    else throw refuseDirective(asked, [...path, index]);
  }
  const fresh = () => plain.map(({ element, index }) => withoutDirectives(element, [...path, index]));
  if (replaces) return fresh();
  const merged = new Map<JsonValue | undefined, JsonObject>(base.map((element) => [element[key], element]));
  for (const { element, index } of plain) {
    const at = [...path, index];
    const present = merged.get(element[key]);
    merged.set(element[key], present === undefined ? withoutDirectives(element, at) : mergeMaps(present, element, at));
  }
  const named = [...new Set(plain.map(({ element }) => element[key]))];
  return toOrder(
    base.map((element) => element[key]),
    named,
  ).map((name) => merged.get(name) ?? {});
}

/**
 * The API server's order, by keys: what the patch names stands in the patch's order, the rest in its own, and of two heads the
 * one that the patch named comes first only where it did so before.
 */
function toOrder(
  before: readonly (JsonValue | undefined)[],
  named: readonly (JsonValue | undefined)[],
): (JsonValue | undefined)[] {
  const left = [...named];
  const right = before.filter((key) => !named.includes(key));
  const order: (JsonValue | undefined)[] = [];
  while (left.length > 0 && right.length > 0) {
    const at = before.indexOf(left[0]);
    order.push(at >= 0 && at < before.indexOf(right[0]) ? left.shift() : right.shift());
  }
  return [...order, ...left, ...right];
}

/** A value that had no counterpart: nulls in it have nothing to remove. */
function toAdded(value: JsonValue, path: Path): JsonValue {
  if (isMap(value)) return withoutDirectives(value, path);
  const key = mergeKeys[String(path.at(-1))];
  return Array.isArray(value) && key !== undefined ? mergeLists([], value, path) : value;
}

function withoutDirectives(map: JsonObject, path: Path): JsonObject {
  if (map[directive] === 'delete') return {};
  const entries = Object.entries(map).filter(([key, value]) => !key.startsWith('$') && value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, toAdded(value, [...path, key])]));
}

function refuseDirective(asked: JsonValue, path: Path): PatchError {
  return new PatchError([...path, directive], `expected "replace" or "delete", got ${JSON.stringify(asked)}`);
}
