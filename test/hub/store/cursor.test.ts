import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromCursor, toCursor } from '../../../hub/store/cursor.ts';

describe('a cursor', () => {
  test('gives back the key it was made of', () => {
    assert.equal(fromCursor('agents', toCursor('agents', 'a1')), 'a1');
  });

  for (const [title, cursor] of [
    ['is of another list', toCursor('agents', 'a1')],
    ['is empty', ''],
    ['has no key', toCursor('jobs', '')],
    ['is no base64', '%%%'],
    ['has more behind it', `${toCursor('jobs', 'x')}=`],
    ['is what a person would guess', '100'],
  ] as const) {
    test(`is refused when it ${title}`, () => {
      assert.throws(() => fromCursor('jobs', cursor), { name: 'StoreError', code: 'cursor-invalid' });
    });
  }
});
