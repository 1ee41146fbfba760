import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toPatternSize } from '../../protocol/pattern-size.ts';

const sizes: Readonly<Record<string, number>> = {
  '': 0,
  abc: 3,
  '[a-z]': 1,
  '[]a]b': 2,
  '[^]]': 1,
  '[[:alpha:]_]': 1,
  '[\\]{9}]': 1,
  'a{3}': 3,
  'a{2,5}': 5,
  'a{2,}': 3,
  'a{0}': 1,
  'a{b': 3,
  '(?:ab){10}': 60,
  '((a{10}){10}){10}': 1220,
  '\\d{4}': 4,
  '\\{9}': 3,
  '\\p{Greek}{7}': 7,
  'x|[0-9]{2}': 4,
  '(((': 0,
  ')))': 6,
};

describe('the size of a regular expression', () => {
  it('counts what repeats say', () => {
    for (const [pattern, size] of Object.entries(sizes)) assert.equal(toPatternSize(pattern), size, pattern);
  });
});
