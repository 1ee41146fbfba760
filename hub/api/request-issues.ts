import type { z } from 'zod';
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

/** What a schema has against a request, each at its own place: unknown keys are named one by one. */
export function toRequestIssues(error: z.ZodError): Issue[] {
  return error.issues.flatMap(toIssues).slice(0, maxIssues);
}

function toIssues(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: toPointer([...issue.path, key]),
      message: 'not known here; leave it out',
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((inner) => inner.message).join('; ');
    return [{ pointer: toPointer(issue.path), message: message.slice(0, maxMessage) }];
  }
  return [{ pointer: toPointer(issue.path), message: toPlainWords(issue.message).slice(0, maxMessage) }];
}

/** zod's "Invalid input: expected string, received undefined" as our other messages say it. */
function toPlainWords(message: string): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected === undefined || received === undefined) return message;
  return `expected ${typeWords[expected] ?? expected}, got ${typeWords[received] ?? received}`;
}
