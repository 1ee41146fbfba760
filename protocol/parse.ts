import type { z } from 'zod';
import { findJsonFault } from './json-fault.ts';
import { type Issue, ProtocolError } from './protocol-error.ts';

/** Longest part of a message that is made of foreign text. */
const maxQuoted = 200;

export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function toIssues(error: z.ZodError): Issue[] {
  return error.issues.map((issue) => {
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return { pointer: toPointer(issue.path), message: message.slice(0, maxQuoted) };
  });
}

/** The length checks of zod compare `length` of whatever came: that throws for `{"length":{"toString":null}}`. */
function safeParse<T>(schema: z.ZodType<T>, value: unknown, what: string): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    throw new ProtocolError('invalid', `not a valid ${what}: an object stands where text or a list is expected`, {
      cause,
    });
  }
}

/**
 * The one way in for values from outside: answers the typed value or throws `ProtocolError` (`invalid`) that names `what` and
 * every wrong place by JSON pointer. Unknown keys are dropped unless the schema is strict, so that a newer peer may say more.
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = safeParse(schema, value, what);
  if (parsed.success) return parsed.data;
  const issues = toIssues(parsed.error);
  const list = issues
    .map((issue) => `${issue.pointer === '' ? 'the whole' : issue.pointer}: ${issue.message}`)
    .join('; ');
  throw new ProtocolError('invalid', `not a valid ${what}: ${list.slice(0, 1000)}`, { issues });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text without either cannot hold the key `__proto__`. */
const mayHoldPrototype = /proto|\\u/;

/**
 * Parses JSON text or its UTF-8 bytes, then as `parse`. The key `__proto__` is refused wherever it stands, because schemas of
 * records would drop it without a word. Throws `ProtocolError` (`not-json`, `invalid`).
 */
export function parseJson<T>(schema: z.ZodType<T>, text: string | Uint8Array, what: string): T {
  let value: unknown;
  let suspicious: boolean;
  try {
    const decoded = typeof text === 'string' ? text : utf8.decode(text);
    value = JSON.parse(decoded);
    suspicious = mayHoldPrototype.test(decoded);
  } catch (cause) {
    throw new ProtocolError('not-json', `${what}: expected UTF-8 JSON, got ${text.length} bytes that are not`, {
      cause,
    });
  }
  const fault = suspicious ? findJsonFault(value) : null;
  if (fault !== null) {
    const issues = [{ pointer: toPointer(fault.path), message: fault.message }];
    throw new ProtocolError('invalid', `not a valid ${what}: ${toPointer(fault.path)}: ${fault.message}`, { issues });
  }
  return parse(schema, value, what);
}
