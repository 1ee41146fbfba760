import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toCanonicalJson } from '../../protocol/canonical-json.ts';
import { JsonObject, JsonValue } from '../../protocol/json.ts';
import { maxJsonDepth } from '../../protocol/json-fault.ts';
import { parse, parseJson } from '../../protocol/parse.ts';
import { anyJson } from './schema-arbitrary.ts';

function nest(depth: number): JsonValue {
  let value: JsonValue = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

suite('JSON from outside', () => {
  test('is passed on as it is', () => {
    fc.assert(fc.property(anyJson, (value) => assert.equal(parse(JsonValue, value, 'value'), value)));
  });

  test('keeps the keys that only look dangerous as plain data', () => {
    const text = '{"constructor":{"prototype":{"x":1}},"hasOwnProperty":1,"toString":null,"a":{"valueOf":"b"}}';

    assert.equal(JSON.stringify(parseJson(JsonObject, text, 'parameters')), text);
  });

  test('never has the key __proto__', () => {
    const value: unknown = JSON.parse('{"a":[{"__proto__":{"x":1}}]}');

    assert.throws(() => parse(JsonObject, value, 'parameters'), {
      name: 'ProtocolError',
      code: 'invalid',
      issues: [{ pointer: '/a/0/__proto__', message: 'the key "__proto__" is not allowed' }],
    });
  });

  test('may be nested a hundred levels deep', () => {
    parse(JsonValue, nest(maxJsonDepth), 'value');

    assert.throws(() => parse(JsonValue, nest(maxJsonDepth + 1), 'value'), { code: 'invalid' });
    assert.throws(() => parse(JsonValue, nest(100_000), 'value'), { code: 'invalid' });
  });

  test('is nothing but JSON', () => {
    for (const value of [undefined, Number.NaN, 1n, () => 1, Symbol('a'), new Date(0), new Map(), { a: undefined }]) {
      assert.throws(() => parse(JsonValue, value, 'value'), { code: 'invalid' });
    }
    for (const value of [null, [], 'a', 1]) assert.throws(() => parse(JsonObject, value, 'value'), { code: 'invalid' });
  });

  test('has one canonical text, however its keys are ordered', () => {
    assert.equal(toCanonicalJson({ b: [1, { d: null, c: 'ü' }], a: true }), '{"a":true,"b":[1,{"c":"ü","d":null}]}');
    fc.assert(
      fc.property(anyJson, (value) => {
        assert.deepEqual(JSON.parse(toCanonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
