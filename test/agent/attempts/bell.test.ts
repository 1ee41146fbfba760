import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createBell } from '../../../agent/attempts/bell.ts';
import { turn } from '../../support/turns.ts';

const never = new AbortController().signal;

test('A ring that comes before anybody waits is kept, once', async () => {
  const bell = createBell();
  let waited = 0;

  bell.ring();
  bell.ring();
  await bell.wait(never);
  const second = bell.wait(never).then(() => (waited += 1));
  await turn();
  assert.equal(waited, 0);

  bell.ring();
  await second;
  assert.equal(waited, 1);
});

test('However often somebody waited, nobody is left who listens to the signal', async () => {
  const bell = createBell();
  const { signal } = new AbortController();

  for (let count = 0; count < 3; count += 1) {
    const waiting = bell.wait(signal);
    bell.ring();
    await waiting;
  }

  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

test('An abort ends the wait, and the next wait is one of its own', async () => {
  const bell = createBell();
  const leaving = new AbortController();
  const waiting = bell.wait(leaving.signal);

  leaving.abort();
  await waiting;
  let isOver = false;
  const next = bell.wait(never).then(() => (isOver = true));
  await turn();

  assert.equal(isOver, false);
  bell.ring();
  await next;
});
