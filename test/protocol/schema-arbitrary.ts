import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';

/** Values for properties whose rules JSON Schema cannot say, by name. */
const byName: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  allowedLabels: fc.constantFrom('', 'site=ams,!old'),
  selector: fc.constantFrom('', 'site=ams', 'site in (ams, fra),!old', 'a!=b,c'),
};

/** JSON without the key `__proto__`, with others that are hostile. */
export const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 'constructor'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(
    fc
      .oneof(
        fc.string(),
        fc.constantFrom('constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'length', 'then'),
      )
      .filter((key) => key !== '__proto__'),
    tie('value'),
    { maxKeys: 4, noNullPrototype: true },
  ),
})).value;

const anyObject = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  anyJson,
  { maxKeys: 4, noNullPrototype: true },
);

function asObject(value: JsonValue | undefined): JsonObject {
  return (value ?? {}) as JsonObject;
}

function createText(schema: JsonObject): fc.Arbitrary<string> {
  const { pattern, minLength = 0, maxLength = 30 } = schema;
  if (typeof pattern === 'string') {
    const text = fc.stringMatching(new RegExp(pattern, 'u'), { size: '-1' });
    return text.filter((value) => value.length <= Number(schema['maxLength'] ?? Number.POSITIVE_INFINITY));
  }
  return fc.string({ unit: 'binary', minLength: Number(minLength), maxLength: Math.min(Number(maxLength), 30) });
}

function createNumber(schema: JsonObject): fc.Arbitrary<number> {
  const min = Math.max(Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? -1e9), -1e15);
  const max = Math.min(Number(schema['maximum'] ?? 1e9), 1e15);
  if (schema['type'] === 'integer') {
    return fc
      .maxSafeInteger()
      .map((number) => min + (Math.abs(number) % (max - min + 1)))
      .filter((number) => number > Number(schema['exclusiveMinimum'] ?? -1e16));
  }
  return fc
    .double({ min, max, noNaN: true, minExcluded: schema['exclusiveMinimum'] !== undefined })
    .map((number) => (Object.is(number, -0) ? 0 : number));
}

function createObject(schema: JsonObject): fc.Arbitrary<JsonValue> {
  const properties = Object.entries(asObject(schema['properties']));
  if (properties.length === 0) {
    if (schema['additionalProperties'] === undefined) return anyObject;
    const key = createText(asObject(schema['propertyNames'])).filter((name) => name !== '__proto__');
    return fc.dictionary(key, toArbitrary(asObject(schema['additionalProperties'])), {
      maxKeys: 3,
      noNullPrototype: true,
    });
  }
  const model = Object.fromEntries(
    properties.map(([name, value]) => [name, byName[name] ?? toArbitrary(asObject(value))]),
  );
  const required = (schema['required'] ?? []) as string[];
  return fc.record(model, { requiredKeys: required, noNullPrototype: true });
}

/** Values that a JSON Schema allows: as much of it as ours use. */
export function toArbitrary(schema: JsonObject): fc.Arbitrary<JsonValue> {
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) return fc.oneof(...choices.map((choice) => toArbitrary(asObject(choice as JsonValue))));
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as JsonValue[]));
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  if (Array.isArray(schema['type'])) {
    return fc.oneof(...(schema['type'] as JsonValue[]).map((type) => toArbitrary({ ...schema, type })));
  }
  switch (schema['type']) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return createNumber(schema);
    case 'string':
      return createText(schema);
    case 'array':
      return fc.array(toArbitrary(asObject(schema['items'])), {
        minLength: Number(schema['minItems'] ?? 0),
        maxLength: 3,
      });
    case 'object':
      return createObject(schema);
    default:
      return anyJson;
  }
}
