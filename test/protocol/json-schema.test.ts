import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { compileJsonSchema } from '../../protocol/json-schema.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { anyJson } from './schema-arbitrary.ts';

function getErrors(schema: JsonValue, value: JsonValue): string[] {
  const verdict = compileJsonSchema(schema).validate(value);
  return verdict.ok ? [] : verdict.errors.map(({ pointer, message }) => `${pointer} ${message}`);
}

function getFaults(schema: JsonValue): readonly string[] {
  try {
    compileJsonSchema(schema);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.issues.map(({ pointer, message }) => `${pointer} ${message}`);
  }
  return [];
}

/** Schemas of the kind people write, some of them wrong. */
const someSchema: fc.Arbitrary<JsonValue> = fc.letrec<{ schema: JsonValue; object: JsonObject }>((tie) => ({
  schema: fc.oneof({ depthSize: 'small' }, fc.boolean(), tie('object')),
  object: fc.record(
    {
      type: fc.constantFrom('object', 'string', 'integer', 'array', 'int', 5),
      properties: fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'toString', '$ref'), tie('schema'), {
        noNullPrototype: true,
      }),
      required: fc.subarray(['a', 'b', 'valueOf']),
      additionalProperties: tie('schema'),
      items: tie('schema'),
      anyOf: fc.array(tie('schema'), { maxLength: 2 }),
      $ref: fc.constantFrom('#', '#/properties/a', '#/$defs/x', 'http://example.org/x'),
      $defs: fc.record({ x: tie('schema') }, { noNullPrototype: true }),
      pattern: fc.constantFrom('^a', '(', '(?=a)', '^(a+)+$'),
      enum: fc.array(anyJson, { maxLength: 3 }),
      const: anyJson,
      default: anyJson,
      uniqueItems: fc.boolean(),
      maxLength: fc.constantFrom(3, -1, 'x'),
      unknown: anyJson,
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
})).schema;

suite('JSON Schema from outside', () => {
  test('judges a document and fills in defaults, in a copy', () => {
    const validator = compileJsonSchema({ properties: { a: { default: { b: 1 } }, c: { type: 'string' } } });
    const document = { c: 'x' };

    const verdict = validator.validate(document);

    assert.deepEqual(verdict, { ok: true, value: { c: 'x', a: { b: 1 } } });
    assert.deepEqual(document, { c: 'x' });
    assert.deepEqual(validator.validate({}), { ok: true, value: { a: { b: 1 } } });
  });

  test('names each wrong place by JSON pointer', () => {
    const schema = {
      properties: { port: { type: 'integer', maximum: 9 }, tags: { items: { enum: ['a', 'b'] } }, 'x/y': { const: 1 } },
      required: ['host'],
      additionalProperties: false,
    };

    assert.deepEqual(
      getErrors(schema, { port: 10, tags: ['a', 'c'], 'x/y': 2, hst: 1 }).toSorted((one, other) =>
        one < other ? -1 : 1,
      ),
      [
        '/host is required',
        '/hst is not a known property; there are: port, tags, x/y',
        '/port must be <= 9',
        '/tags/1 must be one of "a", "b"',
        '/x~1y must be 1',
      ],
    );
  });

  test('sees properties of the document only, never inherited ones', () => {
    const schema = {
      properties: { constructor: { type: 'string' }, toString: { type: 'integer' } },
      required: ['valueOf'],
    };

    assert.deepEqual(getErrors(schema, {}), ['/valueOf is required']);
    assert.deepEqual(getErrors(schema, { valueOf: 1, constructor: 5 }), ['/constructor must be string, is a number']);
    assert.deepEqual(compileJsonSchema({ properties: { constructor: { default: 'x' } } }).validate({}), {
      ok: true,
      value: { constructor: 'x' },
    });
  });

  test('compares values that carry the names of methods', () => {
    const hostile = { valueOf: 1, toString: 2, constructor: 3 };

    assert.deepEqual(getErrors({ const: hostile }, { ...hostile }), []);
    assert.deepEqual(getErrors({ enum: [hostile] }, { valueOf: 1 }).length, 1);
    assert.deepEqual(getErrors({ uniqueItems: true }, [hostile, { ...hostile }]), [
      ' must not hold the same item twice',
    ]);
  });

  test('takes time linear in the text for any pattern', () => {
    assert.deepEqual(getErrors({ pattern: '^(a+)+$' }, `${'a'.repeat(100_000)}!`).length, 1);
    assert.match(getFaults({ properties: { a: { pattern: '(?=a)' } } })[0] ?? '', /^\/properties\/a\/pattern .*RE2/);
    assert.match(getFaults({ patternProperties: { '(a)\\1': true } })[0] ?? '', /^\/patternProperties .*RE2/);
  });

  test('knows a few formats, checks them, and refuses others', () => {
    const texts: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> = {
      date: [['2024-02-29'], ['2023-02-29', '2024-2-9', '']],
      time: [
        ['23:59:60Z', '10:00:00.5+01:00'],
        ['24:00:00Z', '10:00:00'],
      ],
      'date-time': [['2024-02-29T10:00:00Z'], ['2024-02-30T10:00:00Z', '2024-02-29 10:00:00Z']],
      email: [['a@b'], ['a', 'a@b@c', 'a b@c']],
      hostname: [
        ['a', 'a-b.example'],
        ['-a', 'a..b', 'a_b', ''],
      ],
      ipv4: [['1.2.3.255'], ['1.2.3.256', '1.2.3', '01.2.3.4', '1.2.3.4.']],
      ipv6: [
        ['::1', '2001:db8::8:800:200c:417a', '::ffff:1.2.3.4'],
        ['1', ':::', '::1]', '2001:db8::1::1'],
      ],
      uri: [
        ['https://a/b?c#d', 'urn:x:y'],
        ['a/b', 'https://a b'],
      ],
      uuid: [['0190d2a6-0000-7000-8000-000000000001'], ['0190d2a6']],
    };
    for (const [format, [good, bad]] of Object.entries(texts)) {
      for (const text of good) assert.deepEqual(getErrors({ format }, text), [], `${format} ${text}`);
      for (const text of bad) assert.equal(getErrors({ format }, text).length, 1, `${format} ${text}`);
    }
    assert.match(getFaults({ format: 'regex' })[0] ?? '', /^\/format expected one of date, /);
  });

  test('follows references within the schema and no others', () => {
    const list = {
      $defs: { 'a b': { properties: { next: { $ref: '#/$defs/a%20b' }, v: { type: 'integer' } } } },
      $ref: '#/$defs/a%20b',
    };

    assert.deepEqual(getErrors(list, { next: { next: { v: 'x' } } }), ['/next/next/v must be integer, is a text']);
    assert.deepEqual(
      getErrors(
        { $id: 'https://example.org/x', properties: { a: { $ref: '#' } }, maxProperties: 1 },
        { a: { a: 1, b: 2 } },
      ).length,
      1,
    );
    assert.deepEqual(getErrors({ $defs: { a: { $anchor: 'x', type: 'null' } }, $ref: '#x' }, 1).length, 1);
    assert.match(getFaults({ $ref: 'https://example.org/x' })[0] ?? '', /^\/\$ref expected a place in this schema/);
    assert.match(getFaults({ items: { $ref: '#/$defs/x' } })[0] ?? '', /^\/items\/\$ref there is no schema at/);
    assert.match(getFaults({ $anchor: 'x', not: { $anchor: 'x' } })[0] ?? '', /^\/not\/\$anchor "x" is taken/);
    assert.match(getFaults({ properties: { a: { $id: 'x' } } })[0] ?? '', /^\/properties\/a\/\$id only the whole/);
  });

  test('names unknown keywords, but lets notes of one’s own pass', () => {
    assert.deepEqual(getFaults({ propertis: {}, 'x-note': 1 }), [
      '/propertis unknown keyword: did you mean "properties"? (notes of your own begin with "x-")',
    ]);
    assert.match(getFaults({ $schema: 'http://json-schema.org/draft-07/schema#' })[0] ?? '', /2020-12/);
    assert.deepEqual(
      getFaults({ default: { propertis: 1 }, const: { $ref: 'x' }, properties: { $ref: true, propertis: true } }),
      [],
    );
  });

  test('ends on every schema, however its references multiply', () => {
    const names = Array.from({ length: 40 }, (_, at) => `d${at}`);
    const $defs = Object.fromEntries(
      names.map((name, at) => [
        name,
        at === 39 ? true : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]),
    );

    for (const schema of [
      { $ref: '#' },
      { $defs, $ref: '#/$defs/d0' },
      { properties: { a: { $ref: '#/properties/a' } } },
    ]) {
      assert.deepEqual(getErrors(schema, { a: 1 }), [' the schema takes too many steps to check this']);
    }
  });

  test('ends on every schema, however its mistakes multiply, before they fill the memory', () => {
    const branches = Array.from({ length: 300 }, () => ({ $ref: '#/$defs/node' }));
    const node = { type: 'object', properties: { a: { anyOf: branches } }, required: ['a'] };
    let value: JsonValue = {};
    for (let depth = 0; depth < 40; depth++) value = { a: value };
    const before = process.memoryUsage.rss();

    const errors = getErrors({ $defs: { node }, $ref: '#/$defs/node' }, value);

    const growth = process.memoryUsage.rss() - before;
    assert.deepEqual(errors, [' the schema takes too many steps to check this']);
    assert.ok(growth < 200 * 1024 * 1024, `memory grew by ${growth} bytes`);
  });

  test('ends on every schema, however much its regular expressions have to do', () => {
    const patterns = Array.from({ length: 300 }, (_, at) => `(\\b\\w+\\s*){1,40}${at}$`);
    const text = 'abcde '.repeat(20_000);
    const properties = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`${'ab'.repeat(50)}${at}`, true]));

    for (const [schema, value] of [
      [{ anyOf: patterns.map((pattern) => ({ pattern })) }, text],
      [{ patternProperties: Object.fromEntries(patterns.map((pattern) => [pattern, true])) }, properties],
    ] as const) {
      assert.deepEqual(getErrors(schema, value), [' the schema takes too many steps to check this']);
    }
    assert.deepEqual(getErrors({ pattern: '^[A-Za-z0-9+/]*={0,2}$' }, 'abcd'.repeat(300_000)), []);
  });

  test('takes no regular expressions that are too large to be compiled', () => {
    for (const schema of [
      { pattern: '[a-z]{1000}'.repeat(101) },
      { properties: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`p${at}`, { pattern: '.{1000}' }])) },
      { patternProperties: { [`(${'x'.repeat(200)}){600}`]: true } },
    ]) {
      assert.match(String(getFaults(schema)), /expected regular expressions of at most 100000 instructions together/);
    }
    assert.deepEqual(getFaults({ pattern: '^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$' }), []);
  });

  test('tells twenty errors at most, and of a large document only the first', () => {
    assert.equal(
      getErrors(
        { items: { type: 'string' } },
        Array.from({ length: 100 }, () => 1),
      ).length,
      20,
    );
    assert.equal(
      getErrors(
        { items: { type: 'string' } },
        Array.from({ length: 20_000 }, () => 1),
      ).length,
      1,
    );
  });

  test('has bounds: size, number of schemas, depth', () => {
    const many = { properties: Object.fromEntries(Array.from({ length: 2_001 }, (_, at) => [`p${at}`, true])) };

    assert.throws(() => compileJsonSchema({ description: 'x'.repeat(200_000) }), { code: 'too-large' });
    assert.match(getFaults(many)[0] ?? '', /at most 2000 schemas/);
    assert.match(getFaults(JSON.parse(`${'{"not":'.repeat(150)}{}${'}'.repeat(150)}`))[0] ?? '', /at most 100 levels/);
  });

  test('gives a validator or a ProtocolError for anything, and a verdict for any document', () => {
    fc.assert(
      fc.property(fc.oneof(someSchema, anyJson), anyJson, (schema, value) => {
        let validator: ReturnType<typeof compileJsonSchema>;
        try {
          validator = compileJsonSchema(schema);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
          return;
        }
        const before = JSON.stringify(value);
        const verdict = validator.validate(value);
        assert.equal(JSON.stringify(value), before);
        assert.ok(verdict.ok || verdict.errors.length > 0);
        assert.ok(
          verdict.ok || verdict.errors.every(({ message }) => !message.startsWith('the schema cannot be used')),
        );
        assert.equal(Reflect.get({}, 'a'), undefined);
      }),
      { numRuns: 500 },
    );
  });

  test('says the same as plain ajv where both take the schema', () => {
    fc.assert(
      fc.property(someSchema, anyJson, (schema, value) => {
        if (getFaults(schema).length > 0 || JSON.stringify(schema).includes('"$ref"')) return;
        const expected = new Ajv2020({ strict: false, validateFormats: false, ownProperties: true }).validate(
          schema as object,
          value,
        );
        const withoutDefaults = JSON.stringify(schema).includes('"default"');
        if (!withoutDefaults) assert.equal(compileJsonSchema(schema).validate(value).ok, expected);
      }),
      { numRuns: 300 },
    );
  });
});
