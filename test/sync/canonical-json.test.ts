import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../protocol/json.ts';
import { toCanonicalJson } from '../../sync/canonical-json.ts';

test('equal values have equal text, whatever the order of their members', () => {
  const shuffle = (value: JsonValue): JsonValue => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(shuffle);
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, shuffle(member)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = value as JsonValue;

      assert.equal(toCanonicalJson(shuffle(json)), toCanonicalJson(json));
      assert.deepEqual(JSON.parse(toCanonicalJson(json)), JSON.parse(JSON.stringify(json)));
    }),
  );
});

test('members are sorted by the bytes of their names, on every level', () => {
  assert.equal(
    toCanonicalJson({ b: [{ d: 1, c: null }], a: true, '\u{1f600}': 1, '\uffff': 2 }),
    '{"a":true,"b":[{"c":null,"d":1}],"\uffff":2,"\u{1f600}":1}',
  );
});

test('text is escaped as Go does it', () => {
  assert.equal(toCanonicalJson('<a> & \u2028\n\u0001'), '"\\u003ca\\u003e \\u0026 \\u2028\\n\\u0001"');
  assert.equal(toCanonicalJson('\ud800'), '"\ufffd"');
});
