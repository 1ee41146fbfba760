import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RunnerWishes } from '../../../hub/sessions/runner-wishes.ts';
import type { AttemptRecord } from '../../../hub/store/records.ts';

const attempt = { id: 'a1' } as AttemptRecord;

it('Who listens for an attempt hears of that one until it is disposed of', () => {
  const wishes = new RunnerWishes();
  const heard: string[] = [];
  const first = wishes.listen('a1', () => void heard.push('first'));
  const second = wishes.listen('a1', () => void heard.push('second'));
  wishes.changed({ ...attempt, id: 'a2' });
  wishes.changed(attempt);

  first[Symbol.dispose]();
  wishes.changed(attempt);
  const withSecond = wishes.has('a1');
  second[Symbol.dispose]();

  assert.deepEqual(heard, ['first', 'second', 'second']);
  assert.deepEqual([withSecond, wishes.has('a1')], [true, false]);
});
