import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonValue } from '../../protocol/json.ts';
import { protocolSchemas, toJsonSchema } from '../../protocol/json-schemas.ts';
import { parse, parseJson } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { anyJson, toArbitrary } from './schema-arbitrary.ts';

type Name = keyof typeof protocolSchemas;

const names = Object.keys(protocolSchemas) as Name[];

function parseAny(name: Name, value: unknown): unknown {
  return parse<unknown>(protocolSchemas[name], value, name);
}

/** The value, or undefined where it was refused as it should be. Any other error comes through. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    assert.ok(error.message.length < 2000);
    return undefined;
  }
}

/** Puts another value somewhere into a value, chosen by `steps`. */
function mutate(value: JsonValue, steps: readonly number[], other: JsonValue): JsonValue {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return other;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((item: JsonValue, at) => (String(at) === key ? mutate(item, rest, other) : item));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === key ? mutate(item, rest, other) : item]),
  );
}

for (const name of names) {
  suite(`schema ${name}`, () => {
    const document = toJsonSchema(name);
    const valid = toArbitrary(document);

    test('is a JSON Schema that an independent validator compiles', () => {
      const ajv = new Ajv2020({ strict: true, strictTypes: false, validateFormats: false, allowUnionTypes: true });

      assert.ok(ajv.validateSchema(document), JSON.stringify(ajv.errors));
      ajv.compile(document);
    });

    test('takes what its JSON Schema allows, and reading what was written gives the same', () => {
      const check = new Ajv2020({ strict: false, validateFormats: false }).compile(document);

      fc.assert(
        fc.property(valid, (value) => {
          assert.ok(check(value), JSON.stringify(check.errors));
          const read = parseAny(name, value);
          const again = parseJson<unknown>(protocolSchemas[name], Buffer.from(JSON.stringify(read)), name);
          assert.deepEqual(again, read);
        }),
        { numRuns: 200 },
      );
    });

    test('gives a value or a ProtocolError for any JSON', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            anyJson,
            fc.tuple(valid, fc.array(fc.nat(), { maxLength: 4 }), anyJson).map((given) => mutate(...given)),
          ),
          (value) => {
            const direct = attempt(() => parseAny(name, value));
            const bytes = attempt(() => parseJson<unknown>(protocolSchemas[name], JSON.stringify(value), name));
            assert.deepEqual(bytes, direct);
          },
        ),
        { numRuns: 300 },
      );
    });

    test('gives a value or a ProtocolError for any bytes', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array(),
            valid.map((value) => Buffer.from(JSON.stringify(value))),
            fc.string(),
          ),
          fc.nat(),
          (bytes, at) => {
            attempt(() => parseJson<unknown>(protocolSchemas[name], bytes, name));
            attempt(() => parseJson<unknown>(protocolSchemas[name], bytes.slice(0, at % (bytes.length + 1)), name));
          },
        ),
        { numRuns: 200 },
      );
    });

    test('refuses the key __proto__ wherever it stands, also when it is spelt with escapes', () => {
      fc.assert(
        fc.property(valid, fc.constantFrom('__proto__', '\\u005f_proto__', '__\\u0070roto__'), (value, key) => {
          const text = JSON.stringify(value).replace(
            /\{(?=(["}]))/,
            (_, next: string) => `{"${key}":{"polluted":"yes"}${next === '}' ? '' : ','}`,
          );
          const error = attempt(() => parseJson<unknown>(protocolSchemas[name], text, name));
          if (text.includes(key)) assert.equal(error, undefined);
          assert.equal(Reflect.get({}, 'polluted'), undefined);
        }),
        { numRuns: 50 },
      );
    });

    test('refuses objects that cannot be compared, where text belongs', () => {
      fc.assert(
        fc.property(valid, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (value, steps) => {
          attempt(() => parseAny(name, mutate(value, steps, { length: { toString: null, valueOf: null } })));
        }),
        { numRuns: 100 },
      );
    });

    test('survives JSON without a bottom', () => {
      const deep = `${'{"parameters":['.repeat(50_000)}1${']}'.repeat(50_000)}`;

      attempt(() => parseJson<unknown>(protocolSchemas[name], deep, name));
    });
  });
}
