import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createProgressBoard } from '../../../hub/sessions/progress-board.ts';

const attempt = { id: 'a1', jobId: 'j1' };
const half = { percent: 50, message: null, outputs: null };

it('The board of progress has the newest of each attempt until that is over', () => {
  const board = createProgressBoard();
  board.set(attempt, { ...half, percent: 10 });
  board.set(attempt, half);
  board.set({ id: 'a2', jobId: 'j1' }, { ...half, percent: 90 });
  const before = board.get('a1');

  board.forget('a1');

  assert.equal(before, half);
  assert.equal(board.get('a1'), null);
  assert.equal(board.get('a2')?.percent, 90);
});

it('The board of progress wakes all who wait for a job, and nobody who waits for another', async () => {
  const board = createProgressBoard();
  const leaving = new AbortController();
  const woken: string[] = [];
  const wait = async (name: string, jobId: string) => {
    await board.next(jobId, leaving.signal);
    woken.push(name);
  };
  const waiting = [wait('one', 'j1'), wait('other', 'j1'), wait('stranger', 'j2')];

  board.set(attempt, half);
  await Promise.all(waiting.slice(0, 2));
  const atNews = [...woken];
  leaving.abort();
  await Promise.all(waiting);

  assert.deepEqual(atNews, ['one', 'other']);
});
