import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Moments } from '../../../agent/attempts/moments.ts';

test('Every byte has the time at which it was seen', () => {
  const moments = new Moments();

  moments.note(10, 1_000);
  moments.note(20, 1_500);

  assert.deepEqual(moments.at(0), { end: 10, at: 1_000 });
  assert.deepEqual(moments.at(9), { end: 10, at: 1_000 });
  assert.deepEqual(moments.at(10), { end: 20, at: 1_500 });
  assert.equal(moments.length, 20);
});

test('Bytes that came within 100 ms share a moment, and looking again changes nothing', () => {
  const moments = new Moments();

  moments.note(10, 1_000);
  moments.note(20, 1_099);
  moments.note(20, 9_000);

  assert.deepEqual(moments.at(0), { end: 20, at: 1_000 });
});

test('However long a job prints, its moments stay few, and none is later than the truth', () => {
  const moments = new Moments();

  for (let second = 1; second <= 20_000; second += 1) moments.note(second, second * 1_000);

  let count = 0;
  for (let at = 0; at < moments.length; at = moments.at(at).end) {
    count += 1;
    assert.ok(moments.at(at).at <= (at + 1) * 1_000);
  }
  assert.ok(count <= 4_096);
});

test('A clock that jumps back begins a moment of its own', () => {
  const moments = new Moments();

  moments.note(10, 5_000);
  moments.note(20, 1_000);

  assert.deepEqual(moments.at(15), { end: 20, at: 1_000 });
});
