import type { SQLInputValue } from 'node:sqlite';

/**
 * A value as SQLite stores it. Everything goes through here, because the driver takes a plain object in first place for named
 * parameters, without an error, and shifts all others. Throws for what the schema has no form for.
 */
export function toParameter(value: unknown): SQLInputValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'undefined':
      return null;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      if (value instanceof Date) return value.getTime();
      throw new TypeError(
        `expected text, a number, truth, a time, bytes or null, got ${Object.prototype.toString.call(value)}`,
      );
  }
}
