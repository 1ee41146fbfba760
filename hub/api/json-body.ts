import type { JsonValue } from '../../protocol/json.ts';
import { toPointer } from '../../protocol/parse.ts';
import { ApiProblem } from './api-problem.ts';
import { findJsonFlaw } from './json-scan.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a body more strictly than `JSON.parse`: UTF-8, no doubled names, no name that JavaScript takes for something else, no broken
 * text, and no NUL, which neither an environment variable nor an argument can carry. Throws `ApiProblem`.
 */
export function parseJsonBody(bytes: Uint8Array, maxDepth: number): JsonValue {
  const text = decode(bytes);
  const flaw = findJsonFlaw(text, maxDepth);
  if (flaw?.type === 'too-deep') {
    throw new ApiProblem('json-invalid', `expected JSON nested at most ${maxDepth} deep, got more`);
  }
  if (flaw?.type === 'duplicate') {
    throw new ApiProblem('json-invalid', `expected every name once in an object, got ${quote(flaw.name)} twice`);
  }
  const value = parse(text);
  checkText(value, []);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ApiProblem('json-invalid', 'expected JSON in UTF-8, got bytes that are not UTF-8');
  }
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    // V8's messages quote the text around the mistake, which may be a secret.
    const position =
      error instanceof Error ? /at position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0] : undefined;
    throw new ApiProblem(
      'json-invalid',
      `expected JSON, got text that is not${position === undefined ? '' : ` (${position})`}`,
    );
  }
}

function checkText(value: JsonValue, path: readonly (string | number)[]): void {
  if (typeof value === 'string') refuseBadText(value, path, 'text');
  else if (Array.isArray(value)) value.forEach((item, index) => checkText(item, [...path, index]));
  else if (value !== null && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) {
      const place = [...path, name];
      refuseBadText(name, place, 'a name');
      if (name === '__proto__') throw refusal(place, 'expected another name than "__proto__"');
      checkText(inner, place);
    }
  }
}

function refuseBadText(text: string, path: readonly (string | number)[], what: string): void {
  if (!text.isWellFormed()) throw refusal(path, `expected ${what} in Unicode, got half of a surrogate pair`);
  if (text.includes('\0')) throw refusal(path, `expected ${what} without NUL: a program could not be given it`);
}

function refusal(path: readonly (string | number)[], message: string): ApiProblem {
  const pointer = toPointer(path).toWellFormed();
  return new ApiProblem('request-invalid', `${pointer.slice(0, 200)}: ${message}`, { errors: [{ pointer, message }] });
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
