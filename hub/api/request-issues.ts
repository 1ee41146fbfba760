import type { z } from 'zod';
import { findNearestWord } from '../../protocol/nearest-word.ts';
import { toPointer } from '../../protocol/parse.ts';
import type { Issue } from '../../protocol/protocol-error.ts';

/** Issues shown to the caller. */
const maxIssues = 50;
const maxMessage = 300;

const typeWords: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
  undefined: 'nothing',
};

/** What a schema has against a request, each at its own place: unknown keys are named one by one, with those that are known. */
export function toRequestIssues(error: z.ZodError, schema: z.ZodType): Issue[] {
  return error.issues.flatMap((issue) => toIssues(issue, schema)).slice(0, maxIssues);
}

function toIssues(issue: z.core.$ZodIssue, schema: z.ZodType): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const known = findKnownKeys(schema, issue.path);
    return issue.keys.map((key) => ({
      pointer: toPointer([...issue.path, key]),
      message: `not known here; ${toRemedy(key, known)}`.slice(0, maxMessage),
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((inner) => inner.message).join('; ');
    return [{ pointer: toPointer(issue.path), message: message.slice(0, maxMessage) }];
  }
  return [{ pointer: toPointer(issue.path), message: toPlainWords(issue.message).slice(0, maxMessage) }];
}

function toRemedy(key: string, known: readonly string[]): string {
  const nearest = findNearestWord(key, known);
  if (nearest !== null) return `did you mean "${nearest}"?`;
  return known.length === 0 ? 'leave it out' : `known are ${known.join(', ')}`;
}

/** Keys of the object at a place of the schema; none where it is not made of objects and lists alone. */
function findKnownKeys(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  let at: unknown = schema;
  for (const key of [...path, null]) {
    while (typeof at === 'object' && at !== null && 'unwrap' in at && typeof at.unwrap === 'function') at = at.unwrap();
    if (typeof at !== 'object' || at === null || !('shape' in at)) return [];
    const shape = Object(at.shape);
    if (key === null) return Object.keys(shape);
    if (typeof key === 'string') at = shape[key];
  }
  return [];
}

/** zod's "Invalid input: expected string, received undefined" as our other messages say it. */
function toPlainWords(message: string): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected === undefined || received === undefined) return message;
  return `expected ${typeWords[expected] ?? expected}, got ${typeWords[received] ?? received}`;
}
