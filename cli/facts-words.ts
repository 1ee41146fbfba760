import type { JsonObject, JsonValue } from '../protocol/json.ts';
import { padToWidth, toDisplayWidth } from './display-width.ts';
import { toDurationWords } from './time-words.ts';
import { toPrintable } from './to-printable.ts';

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function toByteWords(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), byteUnits.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${byteUnits[power]}`;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null || (Array.isArray(value) && !value.some(isNested));
}

function isNested(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null;
}

/** One value on one line. A key that ends in its unit says how a person reads it. */
function toValueWords(key: string, value: JsonValue): string {
  if (value === null) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return toPrintable(value);
  if (typeof value === 'number') {
    if (/bytes$/i.test(key)) return toByteWords(value);
    if (/seconds$/i.test(key) && value >= 0) return toDurationWords(value * 1000);
    return /percent$/i.test(key) ? `${value} %` : String(value);
  }
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map((item) => toValueWords(key, item)).join(', ');
  return toPrintable(JSON.stringify(value));
}

/** Objects of one line each, such as disks, as columns under their keys; null for lists of anything else. */
function toRows(items: readonly JsonValue[]): string[] | null {
  if (!items.every((item) => isObject(item) && Object.values(item).every(isPlain))) return null;
  const objects = items as readonly JsonObject[];
  const keys = [...new Set(objects.flatMap((item) => Object.keys(item)))];
  const rows = [
    keys.map(toPrintable),
    ...objects.map((item) => keys.map((key) => toValueWords(key, item[key] ?? null))),
  ];
  const widths = keys.map((_, column) => Math.max(...rows.map((row) => toDisplayWidth(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => padToWidth(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function toEntryLines(key: string, value: JsonValue, width: number): string[] {
  const name = `${toPrintable(key)}:`;
  if (isPlain(value)) return [`${padToWidth(name, width)} ${toValueWords(key, value)}`];
  if (Array.isArray(value)) {
    const rows = toRows(value) ?? value.map((item: JsonValue) => toPrintable(JSON.stringify(item)));
    return [name, ...indent(rows)];
  }
  return [name, ...indent(toFactsLines(value as JsonObject))];
}

/** Facts as lines for a person: a line a value, what is in an object further right, a table for a list of objects. */
export function toFactsLines(facts: JsonObject): string[] {
  const entries = Object.entries(facts);
  const width = Math.max(
    0,
    ...entries.filter(([, value]) => isPlain(value)).map(([key]) => toDisplayWidth(toPrintable(key)) + 1),
  );
  return entries.flatMap(([key, value]) => toEntryLines(key, value, width));
}
