import type { JsonValue } from './json.ts';

/** A copy of JSON whose objects have no prototype: `constructor` and its like are there only where the document has them. */
export function toBareJson(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toBareJson);
  const bare = Object.create(null) as Record<string, JsonValue>;
  for (const [key, item] of Object.entries(value)) bare[key] = toBareJson(item);
  return bare;
}

/** A copy with ordinary objects again. */
export function fromBareJson(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromBareJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromBareJson(item)]));
}

/** Whether a value holds more than `limit` values, itself included. */
export function isLargerThan(value: JsonValue, limit: number): boolean {
  let left = limit;
  const open: JsonValue[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    left--;
    if (left < 0) return true;
    if (typeof next === 'object' && next !== null) for (const item of Object.values(next)) open.push(item);
  }
  return false;
}
