import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { cutList } from '../../sync/list-pieces.ts';
import { createScopeTest, wholeScope } from '../../sync/scope.ts';

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 100, size: 'max' });
const options = { maxEntries: 7, maxBytes: 120, toItem: ({ id }: { readonly id: string }) => ({ id }) };

function toHeld(names: readonly string[]) {
  return names.map((id) => ({ id, value: '' }));
}

suite('a list in pieces', () => {
  test('says everything once, in pieces of which each says what it covers', () => {
    fc.assert(
      fc.property(ids, fc.array(fc.string({ minLength: 1 })), (names, others) => {
        const pieces = cutList(toHeld(names), { ...options, scope: wholeScope });

        assert.deepEqual(pieces.flatMap(({ items }) => items.map(({ id }) => id)).toSorted(), names.toSorted());
        for (const id of [...names, ...others]) {
          const covering = pieces.filter(({ scope }) => createScopeTest(scope)(id));
          assert.equal(covering.length, 1);
          assert.equal(covering[0]?.items.some((item) => item.id === id) ?? false, names.includes(id));
        }
      }),
    );
  });

  test('keeps its bounds', () => {
    fc.assert(
      fc.property(ids, (names) => {
        for (const { items } of cutList(toHeld(names), { ...options, scope: wholeScope })) {
          assert.ok(items.length <= options.maxEntries);
          assert.ok(Buffer.byteLength(JSON.stringify(items)) <= options.maxBytes + 2);
        }
      }),
    );
  });

  test('covers no more than it was asked to', () => {
    fc.assert(
      fc.property(ids, fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1 }), (names, buckets) => {
        const isInScope = createScopeTest({ of: 16, buckets });
        const pieces = cutList(toHeld(names.filter(isInScope)), { ...options, scope: { of: 16, buckets } });

        for (const id of names) {
          const covering = pieces.filter(({ scope }) => createScopeTest(scope)(id));
          assert.equal(covering.length, isInScope(id) ? 1 : 0);
        }
      }),
    );
  });

  test('is one empty piece when nothing is held', () => {
    assert.deepEqual(cutList([], { ...options, scope: wholeScope }), [{ scope: wholeScope, items: [] }]);
  });
});
