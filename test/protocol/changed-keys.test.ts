import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findChangedKeys } from '../../protocol/changed-keys.ts';
import { FactsPointer, FactsReport, maxFactsBytes } from '../../protocol/facts.ts';

describe('changed keys', () => {
  test('are those of the top level that came, went or have another value, whatever the order of keys', () => {
    const before = { same: { a: 1, b: 2 }, gone: 1, other: [1, 2] };
    const after = { other: [2, 1], same: { b: 2, a: 1 }, come: null };

    assert.deepEqual(findChangedKeys(before, after, []), ['come', 'gone', 'other']);
  });

  test('are not those in which nothing but volatile values is another', () => {
    const before = {
      uptime: 1,
      memory: { total: 8, free: 4 },
      disks: [
        { name: 'a', used: 1 },
        { name: 'b', used: 2 },
      ],
    };
    const after = { uptime: 9, memory: { total: 8, free: 5 }, disks: [{ name: 'a', used: 7 }, { name: 'b' }] };
    const volatile = ['/uptime', '/memory/free', '/disks/*/used'];

    assert.deepEqual(findChangedKeys(before, after, volatile), []);
    assert.deepEqual(findChangedKeys(before, after, ['/memory/total', '/disks/0']), ['disks', 'memory', 'uptime']);
    assert.deepEqual(findChangedKeys(before, { ...after, memory: { total: 9, free: 4 } }, volatile), ['memory']);
    assert.deepEqual(findChangedKeys(before, after, ['/*']), []);
  });

  test('take a volatile place by its key as it is, where a pointer escapes it', () => {
    const before = { 'a/b': 1, 'c~d': { '': 1 }, '*': 1 };
    const after = { 'a/b': 2, 'c~d': { '': 2 }, '*': 1 };

    assert.deepEqual(findChangedKeys(before, after, ['/a~1b', '/c~0d/']), []);
    assert.deepEqual(findChangedKeys(before, after, ['/a', '/nothing/there']), ['a/b', 'c~d']);
  });

  test('do not mind a value of another kind at a volatile place, or a place that is not there', () => {
    assert.deepEqual(findChangedKeys({ a: { b: 1 } }, { a: 5 }, ['/a/b']), ['a']);
    assert.deepEqual(findChangedKeys({ a: 'text' }, { a: 'text' }, ['/a/b/c']), []);
    assert.deepEqual(findChangedKeys({ a: [1, 2, 3] }, { a: [1, 9, 3] }, ['/a/1']), []);
  });
});

describe('what travels of facts', () => {
  const report = {
    probe: 'host',
    digest: 'a'.repeat(64),
    collectedAt: null,
    durationMs: null,
    volatile: [],
    error: null,
  };

  test('is bounded in bytes of JSON, whatever it is made of', () => {
    const fits = { text: 'é'.repeat((maxFactsBytes - 12) / 2) };
    const over = { text: `${fits.text}é` };

    assert.equal(FactsReport.safeParse({ ...report, facts: fits }).success, true);
    assert.equal(FactsReport.safeParse({ ...report, facts: over }).success, false);
    assert.equal(FactsReport.safeParse({ ...report, facts: [] }).success, false);
    assert.equal(FactsReport.safeParse({ ...report, facts: JSON.parse('{"__proto__": 1}') }).success, false);
  });

  test('names volatile places by pointers alone', () => {
    const good = ['/a', '/a/*/b', '/', '/a~0~1b', '/é'];
    const bad = ['', 'a', 'memory.free', '/a~', '/a~2', `/${'a'.repeat(256)}`];

    for (const pointer of good) assert.equal(FactsPointer.safeParse(pointer).success, true, pointer);
    for (const pointer of bad) assert.equal(FactsPointer.safeParse(pointer).success, false, pointer);
  });
});
