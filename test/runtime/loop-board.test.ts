import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

suite('a board of loops', () => {
  test('says of each what it does and since when, when it goes on, and how its turns went', async () => {
    const clock = createVirtualClock();
    const board = createLoopBoard(clock);
    const loop = board.open('chore', { subject: 'sweep' });
    await clock.advance(1_000);

    loop.does('sleeps', { nextInMs: 60_000 });
    loop.turned();
    await clock.advance(2_000);
    loop.failed(new Error('no broom\nat broom.ts:1'));
    await clock.advance(3_000);

    assert.deepEqual(board.list(), [
      {
        name: 'chore sweep',
        kind: 'chore',
        doing: 'sleeps',
        since: '2026-01-01T00:00:01.000Z',
        next: '2026-01-01T00:01:01.000Z',
        turns: 1,
        lastTurnAt: '2026-01-01T00:00:01.000Z',
        failures: 1,
        lastFailure: { at: '2026-01-01T00:00:03.000Z', message: 'no broom' },
        isStuck: false,
      },
    ]);
  });

  test('keeps durations when the wall clock jumps: they end now', async () => {
    const clock = createVirtualClock();
    let jumpMs = 0;
    const board = createLoopBoard({
      ...clock,
      monotonic: clock.monotonic.bind(clock),
      now: () => clock.now() + jumpMs,
    });
    board.open('scheduler').does('waits');
    await clock.advance(5_000);

    jumpMs = 3_600_000;

    assert.equal(board.list()[0]?.since, '2026-01-01T01:00:00.000Z');
  });

  test('calls stuck what is late by far, and never what only waits for somebody', async () => {
    const clock = createVirtualClock();
    const board = createLoopBoard(clock);
    board.open('sleeper').does('sleeps', { nextInMs: 10_000 });
    board.open('worker').does('works', { withinMs: 60_000 });
    board.open('waiter').does('waits for work');
    const stuck = () => board.list().flatMap(({ name, isStuck }) => (isStuck ? [name] : []));

    await clock.advance(60_000);
    const late = stuck();
    await clock.advance(1);
    const later = stuck();
    await clock.advance(10 * 60_000);

    assert.deepEqual([late, later, stuck()], [[], ['worker'], ['sleeper', 'worker']]);
  });

  test('asks for words only when somebody looks, and forgets a loop that is over', () => {
    const board = createLoopBoard(createVirtualClock());
    let asked = 0;
    const loop = board.open('queue', { words: () => `${++asked} wait` });
    loop.turned();

    const doing = board.list()[0]?.doing;
    loop[Symbol.dispose]();

    assert.deepEqual([doing, asked, board.list()], ['1 wait', 1, []]);
  });
});
