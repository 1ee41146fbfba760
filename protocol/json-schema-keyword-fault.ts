import type { JsonValue } from './json.ts';
import { formats } from './json-schema-formats.ts';
import { type KeywordForm, keywords, typeNames } from './json-schema-keywords.ts';
import { isJsonObject } from './json-schema-places.ts';
import { findNearestWord } from './nearest-word.ts';
import { compilePattern } from './pattern.ts';

function isStringList(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isCount(value: JsonValue): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTypes(value: JsonValue): boolean {
  const names: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  return names.length > 0 && names.every((name) => typeof name === 'string' && typeNames.includes(name));
}

function findPatternFault(pattern: JsonValue): string | null {
  if (typeof pattern !== 'string') return 'expected a regular expression as text';
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return `expected a regular expression in RE2 syntax (no look-around, no back-references), got ${JSON.stringify(pattern.slice(0, 100))}: ${reason}`;
  }
}

function findPatternsFault(patterns: JsonValue): string | null {
  if (!isJsonObject(patterns)) return 'expected an object of schemas by regular expression';
  for (const pattern of Object.keys(patterns)) {
    const fault = findPatternFault(pattern);
    if (fault !== null) return fault;
  }
  return null;
}

type Expectation = readonly [fits: (value: JsonValue) => boolean, what: string];

const expectations: Readonly<Record<Exclude<KeywordForm, 'pattern' | 'pattern-map'>, Expectation>> = {
  schema: [(value) => isJsonObject(value) || typeof value === 'boolean', 'a schema (an object or a boolean)'],
  'schema-list': [(value) => Array.isArray(value) && value.length > 0, 'a list of schemas, not empty'],
  'schema-map': [isJsonObject, 'an object of schemas by name'],
  'strings-map': [(value) => isJsonObject(value) && Object.values(value).every(isStringList), 'lists of names by name'],
  strings: [isStringList, 'a list of names'],
  string: [(value) => typeof value === 'string' && /^[A-Za-z_][\w.-]*$/.test(value), 'a plain name'],
  text: [(value) => typeof value === 'string', 'text'],
  format: [
    (value) => typeof value === 'string' && Object.hasOwn(formats, value),
    `one of ${Object.keys(formats).join(', ')}`,
  ],
  reference: [
    (value) => typeof value === 'string' && value.startsWith('#'),
    'a place in this schema such as "#/$defs/port"',
  ],
  types: [isTypes, `one of ${typeNames.join(', ')}, or a list of them`],
  list: [(value) => Array.isArray(value) && value.length > 0, 'a list, not empty'],
  number: [(value) => typeof value === 'number', 'a number'],
  positive: [(value) => typeof value === 'number' && value > 0, 'a number above 0'],
  count: [isCount, 'a whole number from 0'],
  boolean: [(value) => typeof value === 'boolean', 'true or false'],
  note: [() => true, 'anything'],
};

/** What is wrong with a keyword and its value, or null. */
export function findKeywordFault(keyword: string, value: JsonValue): string | null {
  const form = keywords.get(keyword);
  if (form === undefined) {
    if (keyword.startsWith('x-')) return null;
    const nearest = findNearestWord(keyword, keywords.keys());
    return `unknown keyword${nearest === null ? '' : `: did you mean "${nearest}"?`} (notes of your own begin with "x-")`;
  }
  if (form === 'pattern') return findPatternFault(value);
  if (form === 'pattern-map') return findPatternsFault(value);
  const [fits, what] = expectations[form];
  return fits(value) ? null : `expected ${what}, got ${JSON.stringify(value).slice(0, 100)}`;
}
