import type { JsonObject, JsonValue } from '../../../protocol/json.ts';

/** A JSON merge patch (RFC 7396) over an object: null removes, maps are merged, everything else is replaced. Changes neither argument. */
export function applyMergePatch(original: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(original));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else if (isMap(value)) merged.set(key, applyMergePatch(toMap(merged.get(key)), value));
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

function isMap(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toMap(value: JsonValue | undefined): JsonObject {
  return isMap(value) ? value : {};
}
