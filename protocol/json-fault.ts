/** How deep objects and lists may stand in each other. */
export const maxJsonDepth = 100;

/** What keeps a value from being JSON as we take it. */
export interface JsonFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface Place {
  readonly value: object;
  readonly depth: number;
  readonly key: string | number;
  readonly parent: Place | null;
}

function toFault(place: Place | null, key: string | number | null, message: string): JsonFault {
  const path: (string | number)[] = key === null ? [] : [key];
  for (let above = place; above !== null && above.parent !== null; above = above.parent) path.unshift(above.key);
  return { path, message };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value;
}

/**
 * Finds the first thing in a value that is not JSON, stands too deep, or has the key `__proto__`. That key is plain data in
 * JSON, but code that copies objects key by key would set a prototype with it, so it is refused wherever it stands;
 * `constructor`, `prototype` and all others are data like any.
 */
export function findJsonFault(root: unknown): JsonFault | null {
  const open: Place[] = [];

  const visit = (value: unknown, key: string | number, parent: Place | null): JsonFault | null => {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
    if (typeof value === 'number' && Number.isFinite(value)) return null;
    const depth = parent === null ? 1 : parent.depth + 1;
    const at = parent === null ? null : key;
    if (typeof value !== 'object' || !isPlain(value)) {
      return toFault(parent, at, `expected JSON, got ${describe(value)}`);
    }
    if (depth > maxJsonDepth) return toFault(parent, at, `expected at most ${maxJsonDepth} levels of JSON`);
    open.push({ value, depth, key, parent });
    return null;
  };

  let fault = visit(root, '', null);
  for (let place = open.pop(); fault === null && place !== undefined; place = open.pop()) {
    if (Object.hasOwn(place.value, '__proto__')) {
      return toFault(place, '__proto__', 'the key "__proto__" is not allowed');
    }
    for (const [key, value] of Object.entries(place.value)) {
      fault = visit(value, Array.isArray(place.value) ? Number(key) : key, place);
      if (fault !== null) break;
    }
  }
  return fault;
}
