import type { JsonObject, JsonValue } from '../../protocol/json.ts';

/** Masks the texts of an object. Keys and numbers stay as they are. */
export function maskObject(object: JsonObject, maskText: (text: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, maskValue(item, maskText)]));
}

function maskValue(value: JsonValue, maskText: (text: string) => string): JsonValue {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => maskValue(item, maskText));
  return maskObject(value as JsonObject, maskText);
}
