import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyMergePatch } from '../../../../agent/executors/kubernetes/merge-patch.ts';
import { PatchError } from '../../../../agent/executors/kubernetes/patch-error.ts';
import { mergeStrategically } from '../../../../agent/executors/kubernetes/strategic-merge.ts';
import { patchVectors } from './patch-vectors.ts';

describe('a strategic merge', () => {
  for (const { title, template, patch, merged } of patchVectors) {
    it(title, () => {
      const before = structuredClone({ template, patch });

      assert.deepEqual(mergeStrategically(template, patch), merged);
      assert.deepEqual({ template, patch }, before);
    });
  }

  for (const [title, patch, path] of [
    ['an element without its key', { spec: { containers: [{ image: 'a' }] } }, ['spec', 'containers', 0]],
    ['an element that is no object', { spec: { volumes: ['a'] } }, ['spec', 'volumes', 0]],
    ['an unknown directive', { spec: { $patch: 'merge' } }, ['spec', '$patch']],
    [
      'a directive of an element',
      { spec: { containers: [{ name: 'main', $patch: 'x' }] } },
      ['spec', 'containers', 0, '$patch'],
    ],
    [
      'what only programs write',
      { spec: { '$setElementOrder/containers': [] } },
      ['spec', '$setElementOrder/containers'],
    ],
    ['a field that it does not retain', { spec: { $retainKeys: ['a'], b: 1 } }, ['spec', 'b']],
  ] as const) {
    it(`is refused with ${title}`, () => {
      assert.throws(
        () => mergeStrategically({ spec: { containers: [{ name: 'main' }], volumes: [] } }, patch),
        (error) => error instanceof PatchError && assert.deepEqual(error.path, path) === undefined,
      );
    });
  }
});

describe('a merge patch', () => {
  it('merges objects, removes with null, and replaces the rest', () => {
    const original = { a: { b: 1, c: [1, 2], d: 'x' }, e: 1 };

    const merged = applyMergePatch(original, { a: { b: null, c: [3], f: { g: null, h: 1 } }, e: { i: 1 } });

    assert.deepEqual(merged, { a: { c: [3], d: 'x', f: { h: 1 } }, e: { i: 1 } });
    assert.deepEqual(original, { a: { b: 1, c: [1, 2], d: 'x' }, e: 1 });
  });
});
