import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject, JsonValue } from './json.ts';
import { findJsonFault } from './json-fault.ts';
import { equalityKeywords } from './json-schema-equality.ts';
import { findSchemaFaults } from './json-schema-faults.ts';
import { formats } from './json-schema-formats.ts';
import { isJsonObject, listSchemaPlaces } from './json-schema-places.ts';
import { toPointer } from './parse.ts';
import { compilePattern } from './pattern.ts';
import { type Issue, ProtocolError } from './protocol-error.ts';

export type JsonSchemaVerdict =
  | { readonly ok: true /** A copy, with defaults filled in. */; readonly value: JsonValue }
  | { readonly ok: false; readonly errors: readonly Issue[] };

export interface JsonSchemaValidator {
  /** Leaves its argument as it is. Never throws. */
  validate(value: JsonValue): JsonSchemaVerdict;
}

/** The largest schema, as JSON text in bytes. */
export const maxSchemaBytes = 128 * 1024;

/** How many schemas may be applied for one value: references can multiply, and validation must end. */
const maxSteps = 3_000_000;

/** A larger value is told its first error only: a million errors would be a million objects. */
const maxNodesForAllErrors = 10_000;

const maxErrors = 20;

const stepKeyword = 'x-farhand-step';

class TooManySteps extends Error {}

/** A copy whose objects have no prototype, so that `constructor` and its like are there only where the document has them. */
function toBare(value: JsonValue, count: { nodes: number }): JsonValue {
  count.nodes++;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => toBare(item, count));
  const bare = Object.create(null) as Record<string, JsonValue>;
  for (const [key, item] of Object.entries(value)) bare[key] = toBare(item, count);
  return bare;
}

function toPlain(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

/** A copy that counts how often each schema in it is applied, and stands on its own. */
function withSteps(schema: JsonValue): JsonValue {
  const copy = structuredClone(schema);
  for (const { schema: place } of listSchemaPlaces(copy)) {
    if (isJsonObject(place)) Object.assign(place, { [stepKeyword]: true });
  }
  if (!isJsonObject(copy)) return copy;
  return Object.fromEntries(Object.entries(copy).filter(([keyword]) => keyword !== '$id' && keyword !== '$schema'));
}

function toIssue(error: ErrorObject): Issue {
  const { params } = error;
  if (error.keyword === 'required' || error.keyword === 'dependentRequired') {
    return {
      pointer: `${error.instancePath}${toPointer([String(params['missingProperty'])])}`,
      message: 'is required',
    };
  }
  const unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof unknown === 'string') {
    return { pointer: `${error.instancePath}${toPointer([unknown])}`, message: 'is not a known property' };
  }
  if (error.keyword === 'false schema') return { pointer: error.instancePath, message: 'is not allowed' };
  const name = error.propertyName === undefined ? '' : `property name ${JSON.stringify(error.propertyName)} `;
  return { pointer: error.instancePath, message: `${name}${error.message ?? 'is not valid'}`.slice(0, 600) };
}

/** One schema, compiled in two ways when it must be. */
class CompiledSchema implements JsonSchemaValidator {
  readonly #schema: JsonValue;
  #steps = 0;
  readonly #all: ValidateFunction;
  #first: ValidateFunction | undefined;

  constructor(schema: JsonValue) {
    this.#schema = withSteps(schema);
    this.#all = this.#compile({ allErrors: true });
  }

  validate(value: JsonValue): JsonSchemaVerdict {
    const fault = findJsonFault(value);
    if (fault !== null) return { ok: false, errors: [{ pointer: toPointer(fault.path), message: fault.message }] };
    const count = { nodes: 0 };
    const bare = toBare(value, count);
    this.#steps = 0;
    try {
      const check = this.#choose(count.nodes);
      if (check(bare)) return { ok: true, value: toPlain(bare) };
      return { ok: false, errors: (check.errors ?? []).slice(0, maxErrors).map(toIssue) };
    } catch (error) {
      if (!(error instanceof TooManySteps) && !(error instanceof RangeError)) throw error;
      return { ok: false, errors: [{ pointer: '', message: 'the schema takes too many steps to check this' }] };
    }
  }

  #choose(nodes: number): ValidateFunction {
    if (nodes <= maxNodesForAllErrors) return this.#all;
    this.#first ??= this.#compile({ allErrors: false });
    return this.#first;
  }

  #compile({ allErrors }: { readonly allErrors: boolean }): ValidateFunction {
    const ajv = new Ajv2020({
      allErrors,
      strict: false,
      logger: false,
      meta: false,
      validateSchema: false,
      useDefaults: true,
      ownProperties: true,
      inlineRefs: false,
      formats,
      code: { regExp: Object.assign(compilePattern, { code: 'compilePattern' }) },
    });
    for (const definition of equalityKeywords) {
      ajv.removeKeyword(String(definition.keyword));
      ajv.addKeyword(definition);
    }
    ajv.addKeyword({ keyword: stepKeyword, schemaType: 'boolean', validate: () => this.#step(), errors: false });
    return ajv.compile(this.#schema as JsonObject | boolean);
  }

  #step(): boolean {
    this.#steps++;
    if (this.#steps > maxSteps) throw new TooManySteps();
    return true;
  }
}

function refuse(issues: readonly Issue[]): never {
  const list = issues.map((issue) => `${issue.pointer === '' ? 'the whole' : issue.pointer}: ${issue.message}`);
  throw new ProtocolError('invalid', `not a usable JSON Schema: ${list.join('; ').slice(0, 1000)}`, { issues });
}

/**
 * Compiles a JSON Schema (2020-12) that came from outside; hub and agent judge with this same code. Regular expressions are
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
  try {
    return new CompiledSchema(schema);
  } catch (cause) {
    const reason = cause instanceof RangeError ? 'it refers to itself without end' : String(cause).slice(0, 200);
    throw new ProtocolError('invalid', `not a usable JSON Schema: ${reason}`, {
      issues: [{ pointer: '', message: reason }],
      cause,
    });
  }
}
