import type { z } from 'zod';
import { findNearestWord } from '../../protocol/nearest-word.ts';
import type { FileFault, FilePath } from './automation-kind.ts';

function getAt(value: unknown, path: FilePath): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined),
    value,
  );
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const kind = typeof value === 'string' ? 'the text' : `the ${typeof value}`;
  return `${kind} ${JSON.stringify(value).slice(0, 80)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
  tuple: 'a list',
};

function expect(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

function isUnwrappable(schema: unknown): schema is { unwrap(): unknown } {
  return typeof schema === 'object' && schema !== null && 'unwrap' in schema;
}

function findKnownKeys(keys: z.ZodRawShape, path: FilePath): readonly string[] {
  if (path.length === 0) return Object.keys(keys);
  let schema: unknown = keys[String(path[0])];
  while (isUnwrappable(schema)) schema = schema.unwrap();
  return typeof schema === 'object' && schema !== null && 'shape' in schema ? Object.keys(Object(schema.shape)) : [];
}

/** The nearest description on the way down to a place: how its value is written. */
function findRemedy(keys: z.ZodRawShape, path: FilePath): string | undefined {
  let schema: unknown = keys[String(path[0])];
  let description = describeSchema(schema);
  for (const key of path.slice(1)) {
    while (isUnwrappable(schema)) schema = schema.unwrap();
    if (typeof schema !== 'object' || schema === null || !('shape' in schema)) break;
    schema = Object(schema.shape)[key];
    description = describeSchema(schema) ?? description;
  }
  return description;
}

function describeSchema(schema: unknown): string | undefined {
  return (schema as z.ZodType | undefined)?.description;
}

/** Of a value that may have several forms, the first is the one that is asked for. */
function toAsked(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const first = issue.code === 'invalid_union' ? issue.errors[0] : undefined;
  if (first === undefined) return [issue];
  return first.map((one) => ({ ...one, path: [...issue.path, ...one.path] })).flatMap(toAsked);
}

/** Says what a schema objects to in words for the author of the file: expected, got, remedy. */
export function toFileFaults(error: z.ZodError, file: unknown, keys: z.ZodRawShape): FileFault[] {
  return error.issues.flatMap(toAsked).flatMap((issue): FileFault[] => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    if (issue.code === 'unrecognized_keys') {
      const known = findKnownKeys(keys, path);
      return issue.keys.map((key) => {
        const nearest = findNearestWord(key, known);
        const remedy =
          nearest !== null
            ? `did you mean "${nearest}"?`
            : `take it out${known.length > 0 ? `; known are ${known.join(', ')}` : ''}`;
        return { path: [...path, key], part: 'key', message: `unknown key: ${remedy}` };
      });
    }
    const remedy = findRemedy(keys, path);
    return [
      {
        path,
        part: issue.code === 'invalid_key' ? 'key' : 'value',
        message: `${expect(issue)}, got ${describe(issue.code === 'invalid_key' ? path.at(-1) : getAt(file, path))}${remedy === undefined ? '' : `. Write ${remedy}`}`,
      },
    ];
  });
}
