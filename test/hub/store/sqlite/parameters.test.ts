import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toParameter } from '../../../../hub/store/sqlite/parameters.ts';

describe('a parameter', () => {
  const bytes = new Uint8Array([1, 2]);
  for (const [value, stored] of [
    ['text', 'text'],
    [1.5, 1.5],
    [7n, 7n],
    [true, 1],
    [false, 0],
    [null, null],
    [undefined, null],
    [new Date(5), 5],
    [bytes, bytes],
  ] as const) {
    test(`${typeof value} ${String(value)} is stored as ${String(stored)}`, () => {
      assert.equal(toParameter(value), stored);
    });
  }

  for (const value of [{}, [], () => 1, Symbol('x')]) {
    test(`${Object.prototype.toString.call(value)} is refused: the driver would take it for named parameters`, () => {
      assert.throws(() => toParameter(value), TypeError);
    });
  }
});
