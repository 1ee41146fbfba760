import type { JsonObject, JsonValue } from '../protocol/json.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

/**
 * Makes parameters of what was typed, in that order: `key=text`, `key:=json`, `@file` with an object of them. The text is sent as it stands, except where the automation's schema takes
 * a number or a boolean there and nothing else: then it is read as one, because as text it could only be refused.
 */
export function toParameters(options: {
  readonly base: JsonObject;
  readonly pairs: readonly string[];
  /** JSON Schema of the automation's parameters; null when it has none or is not known. */
  readonly schema: JsonObject | null;
  readonly readFile: (path: string) => JsonObject;
}): JsonObject {
  const entries = options.pairs.flatMap((pair): [string, JsonValue][] => {
    if (pair.startsWith('@')) return Object.entries(options.readFile(pair.slice(1)));
    const [, key = '', operator = '', text = ''] = /^([^=]+?)(:?=)(.*)$/s.exec(pair) ?? [];
    if (key === '')
      throw new Failure(exitCodes.usage, `-p: expected key=value, key:=json or @file, got ${JSON.stringify(pair)}`, [
        'For example: -p name=ada -p count:=3',
      ]);
    return [[key, operator === ':=' ? parseJson(key, text) : fitText(text, toWantedType(options.schema, key))]];
  });
  // Without a prototype to be reached: "__proto__" is a key like any other.
  return Object.fromEntries([...Object.entries(options.base), ...entries]);
}

function parseJson(key: string, text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      exitCodes.usage,
      `-p ${key}:=…: expected JSON, got ${JSON.stringify(text.slice(0, 200))} (${why})`,
      [`For text leave the colon out: -p ${key}=…`],
    );
  }
}

function toWantedType(schema: JsonObject | null, key: string): JsonValue {
  const properties = schema?.['properties'];
  const property = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return isObject(property) ? (property['type'] ?? null) : null;
}

function fitText(text: string, type: JsonValue): JsonValue {
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  if ((type === 'number' || type === 'integer') && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text))
    return Number(text);
  return text;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
