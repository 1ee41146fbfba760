import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toBucket, toPrefix } from '../../sync/bucket.ts';
import { Digest, findDifferingBuckets, type HeldValue, toDigest, toFineDigest } from '../../sync/digest.ts';

const bits = fc.integer({ min: 0, max: 8 });
const held = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), value: fc.string() }), {
  selector: ({ id }) => id,
});

suite('a digest', () => {
  test('does not depend on the order in which things are held', () => {
    fc.assert(
      fc.property(held, bits, (values, exponent) => {
        assert.deepEqual(findDifferingBuckets(values.toReversed(), toDigest(values, 2 ** exponent)), []);
      }),
    );
  });

  test('differs in just the buckets of what differs', () => {
    fc.assert(
      fc.property(held, held, bits, (ours, theirs, exponent) => {
        const of = 2 ** exponent;
        const theirValues = new Map(theirs.map(({ id, value }) => [id, value]));
        const ourValues = new Map(ours.map(({ id, value }) => [id, value]));
        const differing = [...theirValues.keys(), ...ourValues.keys()].filter(
          (id) => ourValues.get(id) !== theirValues.get(id),
        );
        const expected = new Set(differing.map((id) => toBucket(toPrefix(id), of)));

        const found = findDifferingBuckets(ours, toDigest(theirs, of));

        assert.deepEqual(
          found,
          [...expected].toSorted((left, right) => left - right),
        );
      }),
    );
  });

  test('is fine enough that few entries share a bucket', () => {
    const many = Array.from({ length: 10_000 }, (_, index): HeldValue => ({ id: `thing-${index}`, value: '1' }));

    const { of, sums } = toFineDigest(many);

    assert.equal(of, 1024);
    assert.ok(sums.length < 11_000);
    assert.equal(toFineDigest([]).of, 1);
  });

  test('of the wrong size is refused', () => {
    assert.equal(Digest.safeParse({ ...toDigest([], 4), of: 8 }).success, false);
    assert.equal(Digest.safeParse({ of: 3, sums: 'A'.repeat(32) }).success, false);
    assert.equal(Digest.safeParse({ of: 2 ** 17, sums: '' }).success, false);
  });
});
