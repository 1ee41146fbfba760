import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findBytes } from './find-bytes.ts';

/** Of few letters, so that much repeats itself. */
const repetitive = (most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: most }).map((text) => Buffer.from(text));

describe('findBytes', () => {
  it('finds what Buffer.indexOf finds', () => {
    fc.assert(
      fc.property(repetitive(60), repetitive(6), fc.nat(70), (bytes, piece, from) => {
        fc.pre(from <= bytes.length);
        assert.equal(findBytes(bytes, piece, from), bytes.indexOf(piece, from));
      }),
    );
  });

  it('comes to an end in megabytes that repeat themselves', () => {
    const line = '0123456789abcdef\n';
    const bytes = Buffer.from(line.repeat(200_000));

    assert.equal(findBytes(bytes, Buffer.from(`${line.repeat(150_000)}!`), 1), -1);
    assert.equal(findBytes(bytes, Buffer.from(line.repeat(150_000)), 1), line.length);
  });
});
