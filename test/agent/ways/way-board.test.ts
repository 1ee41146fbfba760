import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkFailure } from '../../../agent/greeted-channel.ts';
import type { Way } from '../../../agent/ways/way.ts';
import { WayBoard } from '../../../agent/ways/way-board.ts';
import { defaultWayLimits } from '../../../agent/ways/way-limits.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const unreachable: LinkFailure = { type: 'failed', why: 'unreachable', detail: 'nobody listens', hint: null };
const wayTo = (url: string) => ({ url, control: { name: 'memory' }, session: { name: 'memory' } }) as unknown as Way;

/** Windows are of exactly their length. */
function createBoard(...urls: readonly string[]) {
  const clock = createVirtualClock();
  const board = new WayBoard({
    ways: urls.map(wayTo),
    maxHintMs: 300_000,
    healthyMs: 60_000,
    limits: defaultWayLimits,
    clock,
    random: { ...systemRandom, fraction: () => 0.5 },
  });
  return { board, clock };
}

describe('the order of the ways to a hub', () => {
  it('is that of the configuration, and a way that failed goes behind the others for a while', async () => {
    const { board, clock } = createBoard('a', 'b', 'c');

    assert.deepEqual(board.toDial(), [0, 1, 2]);
    board.failed(0, unreachable);
    assert.deepEqual(board.toDial(), [1, 2, 0]);
    board.failed(1, unreachable);
    board.failed(2, unreachable);
    assert.deepEqual(board.toDial(), [0, 1, 2]);
    await clock.advance(10_000);
    assert.deepEqual(board.toDial(), [0, 1, 2]);
  });

  it('leaves a way out for as long as its hub asked for, and names the shortest wish when all did', async () => {
    const { board, clock } = createBoard('a', 'b');

    board.failed(0, { ...unreachable, hint: 40_000 });
    assert.deepEqual([board.toDial(), board.hint()], [[1], null]);
    board.failed(1, { ...unreachable, hint: 20_000 });
    assert.deepEqual([board.toDial(), board.hint()], [[1], 20_000]);
    await clock.advance(20_000);
    assert.deepEqual([board.toDial(), board.hint()], [[1], null]);
    await clock.advance(20_000);
    assert.deepEqual(board.toDial(), [0, 1]);
  });

  it('tries no better way before its hub asked for, nor before others go first no more', () => {
    const { board } = createBoard('a', 'b', 'c');

    board.failed(0, { ...unreachable, hint: 40_000 });
    board.failed(1, { ...unreachable, hint: 5_000 });
    board.took(2);

    assert.deepEqual([board.nextTryInMs(1, 'better'), board.nextTryInMs(2, 'better')], [40_000, 10_000]);
  });

  it('has one way alone as it ever was: dialled again at once, or when the hub said', () => {
    const { board } = createBoard('a');

    board.failed(0, unreachable);
    assert.deepEqual([board.toDial(), board.hint()], [[0], null]);
    board.failed(0, { ...unreachable, hint: 5_000 });
    assert.deepEqual([board.toDial(), board.hint()], [[0], 5_000]);
    board.failed(0, { ...unreachable, hint: 5_000_000 });
    assert.equal(board.hint(), 300_000);
  });

  it('tries a way that keeps no channel less and less often, and begins anew when one held', async () => {
    const { board, clock } = createBoard('a', 'b');
    const waits: (number | null)[] = [];

    for (let time = 0; time < 6; time += 1) {
      board.took(0);
      board.lost(0, { ...unreachable, why: 'broken' }, 1_000);
      assert.deepEqual(board.toDial(), [1, 0]);
      board.took(1);
      waits.push(board.nextTryInMs(1, 'better'));
      await clock.advance(waits.at(-1) ?? 0);
    }
    board.took(0);
    board.lost(0, { ...unreachable, why: 'broken' }, 60_000);
    assert.deepEqual(board.toDial(), [0, 1]);
    board.failed(0, unreachable);

    assert.deepEqual(waits, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000]);
    assert.equal(board.nextTryInMs(1, 'better'), 10_000);
  });

  it('learns nothing of a way that was dialled before its time because nothing else was left', () => {
    const { board } = createBoard('a', 'b');

    for (let time = 0; time < 10; time += 1) board.failed(0, unreachable);

    assert.equal(board.nextTryInMs(1, 'better'), 10_000);
  });

  it('has nothing better than the first, and others than it', () => {
    const { board } = createBoard('a', 'b');

    assert.deepEqual([board.nextTryInMs(0, 'better'), board.toTry(0, 'better')], [null, []]);
    assert.deepEqual([board.nextTryInMs(0, 'others'), board.toTry(0, 'others')], [0, [1]]);
  });
});

describe('sessions on a way to a hub', () => {
  it('speak against it when several in a row came to nothing over some time, and say so once', async () => {
    const { board, clock } = createBoard('a', 'b');
    let told = 0;
    board.onSessionsFailed(() => (told += 1));
    board.took(0);

    for (let time = 0; time < 5; time += 1) board.sessionFailed(0);
    assert.equal(board.sessionsFail(0), false);
    await clock.advance(10_000);
    board.sessionFailed(0);
    board.sessionFailed(0);
    assert.deepEqual([board.sessionsFail(0), told], [true, 1]);
    board.sessionAnswered(0);

    assert.equal(board.sessionsFail(0), false);
  });

  it('say nothing against it where one was answered meanwhile', async () => {
    const { board, clock } = createBoard('a', 'b');
    board.took(0);

    for (let time = 0; time < 5; time += 1) {
      board.sessionFailed(0);
      board.sessionFailed(0);
      await clock.advance(10_000);
      board.sessionAnswered(0);
    }

    assert.equal(board.sessionsFail(0), false);
  });
});

describe('what is said of the ways to a hub', () => {
  it('names the one that is used, what is wrong with better ones, and when they are tried again', () => {
    const { board } = createBoard('a', 'b', 'c');

    board.failed(0, unreachable);
    board.took(1);

    assert.deepEqual(
      board.list().map(({ url, state, why, nextTryAt }) => [url, state, why, nextTryAt]),
      [
        ['a', 'failed', 'unreachable: nobody listens', '2026-01-01T00:00:10.000Z'],
        ['b', 'used', null, null],
        ['c', 'spare', null, null],
      ],
    );
  });
});
