import { _, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import names from 'ajv/dist/compile/names.js';
import { fromBareJson, isLargerThan, toBareJson } from './bare-json.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { findJsonFault } from './json-fault.ts';
import { equalityKeywords } from './json-schema-equality.ts';
import { findSchemaFaults } from './json-schema-faults.ts';
import { formats } from './json-schema-formats.ts';
import { toSchemaIssue } from './json-schema-issue.ts';
import { isJsonObject, listSchemaPlaces } from './json-schema-places.ts';
import { toPointer } from './parse.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { type Issue, ProtocolError } from './protocol-error.ts';

export type JsonSchemaVerdict =
  | { readonly ok: true /** A copy, with defaults filled in. */; readonly value: JsonValue }
  | { readonly ok: false; readonly errors: readonly Issue[] };

export interface JsonSchemaValidator {
  /** Leaves its argument as it is. Never throws. */
  validate(value: JsonValue): JsonSchemaVerdict;
}

/** The largest schema, as JSON text in bytes. */
const maxSchemaBytes = 128 * 1024;

/** How many schemas may be applied for one value, patterns counted by their work: references can multiply, and validation must end. */
const maxSteps = 3_000_000;

/** What a regular expression does in a step: so many of its instructions for so many characters. */
const patternWorkOfStep = 64;

/** How many mistakes may be held at a time: those of every branch of an `anyOf` are, until one of them fits. */
const maxMistakes = 10_000;

/** A larger value is told its first error only: a million errors would be a million objects. */
const maxNodesForAllErrors = 10_000;

const maxErrors = 20;

const stepKeyword = 'x-farhand-step';

class TooManySteps extends Error {}

/** A copy that counts how often each schema in it is applied, and stands on its own. */
function withSteps(schema: JsonValue): JsonValue {
  const copy = structuredClone(schema);
  for (const { schema: place } of listSchemaPlaces(copy)) {
    if (isJsonObject(place)) Object.assign(place, { [stepKeyword]: true });
  }
  if (!isJsonObject(copy)) return copy;
  return Object.fromEntries(Object.entries(copy).filter(([keyword]) => keyword !== '$id' && keyword !== '$schema'));
}

/** One schema. Code is made of it when the first document comes: that costs milliseconds, and many are never used. */
class LazySchema implements JsonSchemaValidator {
  readonly #schema: JsonValue;
  #steps = 0;
  #all: ValidateFunction | undefined;
  #first: ValidateFunction | undefined;

  constructor(schema: JsonValue) {
    this.#schema = withSteps(schema);
  }

  validate(value: JsonValue): JsonSchemaVerdict {
    const fault = findJsonFault(value);
    if (fault !== null) return { ok: false, errors: [{ pointer: toPointer(fault.path), message: fault.message }] };
    this.#steps = 0;
    try {
      const check = this.#choose(value);
      const bare = toBareJson(value);
      if (check(bare)) return { ok: true, value: fromBareJson(bare) };
      return { ok: false, errors: (check.errors ?? []).slice(0, maxErrors).map(toSchemaIssue) };
    } catch (error) {
      const endless = error instanceof TooManySteps || error instanceof RangeError;
      const message = endless
        ? 'the schema takes too many steps to check this'
        : `the schema cannot be used: ${String(error)}`;
      return { ok: false, errors: [{ pointer: '', message }] };
    }
  }

  #choose(value: JsonValue): ValidateFunction {
    if (isLargerThan(value, maxNodesForAllErrors)) {
      this.#first ??= this.#compile({ allErrors: false });
      return this.#first;
    }
    this.#all ??= this.#compile({ allErrors: true });
    return this.#all;
  }

  #compile({ allErrors }: { readonly allErrors: boolean }): ValidateFunction {
    const ajv = new Ajv2020({
      allErrors,
      verbose: true,
      strict: false,
      logger: false,
      meta: false,
      validateSchema: false,
      useDefaults: true,
      ownProperties: true,
      inlineRefs: false,
      formats,
      code: {
        regExp: Object.assign((text: string) => this.#countWork(compilePattern(text)), { code: 'compilePattern' }),
      },
    });
    for (const definition of equalityKeywords) {
      ajv.removeKeyword(String(definition.keyword));
      ajv.addKeyword(definition);
    }
    ajv.addKeyword({
      keyword: stepKeyword,
      schemaType: 'boolean',
      code: ({ gen }) => void gen.code(_`${gen.scopeValue('func', { ref: this.#step })}(${names.default.errors})`),
    });
    return ajv.compile(this.#schema as JsonObject | boolean);
  }

  readonly #step = (mistakes: number): void => {
    this.#steps++;
    if (this.#steps > maxSteps || mistakes > maxMistakes) throw new TooManySteps();
  };

  #countWork(pattern: Pattern): Pattern {
    const { size } = pattern;
    return {
      size,
      test: (text) => {
        this.#steps += Math.floor((text.length * size) / patternWorkOfStep);
        if (this.#steps > maxSteps) throw new TooManySteps();
        return pattern.test(text);
      },
    };
  }
}

function refuse(issues: readonly Issue[]): never {
  const list = issues.map((issue) => `${issue.pointer === '' ? 'the whole' : issue.pointer}: ${issue.message}`);
  throw new ProtocolError('invalid', `not a usable JSON Schema: ${list.join('; ').slice(0, 1000)}`, { issues });
}

/**
 * Makes a validator of a JSON Schema (2020-12) that came from outside; hub and agent judge with this same code. Regular expressions are
 * RE2; formats are those of `json-schema-formats.ts` and are checked; references stay within the schema; unknown keywords are
 * mistakes unless they begin with `x-`; `$dynamicRef` and an inner `$id` are not taken. Throws `ProtocolError` (`invalid`,
 * `too-large`) that names every wrong place.
 */
export function compileJsonSchema(schema: JsonValue): JsonSchemaValidator {
  const fault = findJsonFault(schema);
  if (fault !== null) refuse([{ pointer: toPointer(fault.path), message: fault.message }]);
  const size = Buffer.byteLength(JSON.stringify(schema));
  if (size > maxSchemaBytes) {
    throw new ProtocolError('too-large', `JSON Schema: at most ${maxSchemaBytes} bytes, got ${size}`);
  }
  const faults = findSchemaFaults(schema);
  if (faults.length > 0) refuse(faults);
  return new LazySchema(schema);
}
