import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createUnansweredSpecs } from '../../sync/unanswered-specs.ts';
import { createTestRandom } from './world.ts';

function setUp() {
  const clock = createVirtualClock();
  const due: { readonly id: string; readonly atMs: number }[] = [];
  const specs = createUnansweredSpecs({
    clock,
    random: { ...createTestRandom(), fraction: () => 0 },
    options: { firstRepeatMs: 3_000, maxRepeatMs: 20_000 },
    onDue: (id) => due.push({ id, atMs: clock.monotonic() }),
  });
  return { clock, due, specs };
}

suite('unanswered specs', () => {
  test('are due after a moment, then ever more rarely, up to a bound', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 1 });
    await clock.advance(90_000);

    assert.deepEqual(
      due.map(({ atMs }) => atMs),
      [3_000, 9_000, 21_000, 41_000, 61_000, 81_000],
    );
  });

  test('are no longer due once a status came with their version or a higher one', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 2 });
    specs.answer('a', 1);
    await clock.advance(4_000);
    specs.answer('a', 2);
    await clock.advance(60_000);

    assert.equal(due.length, 1);
    assert.equal(clock.pending, 0);
  });

  test('are not due for a status of a lower version that comes late, and not for one that is ahead of them', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 2 });
    specs.answer('a', 2);
    specs.answer('a', 1);
    specs.note({ id: 'a', version: 2 });
    specs.note({ id: 'b', version: 2 });
    specs.answer('b', 5);
    await clock.advance(60_000);

    assert.deepEqual(due, []);
    assert.equal(clock.pending, 0);
  });

  test('stay due where the agent has them and no status came', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 2 });
    specs.lower('a', 2);
    await clock.advance(4_000);

    assert.equal(due.length, 1);
    specs.pause();
  });

  test('start from the beginning with a new version', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 1 });
    await clock.advance(10_000);
    specs.note({ id: 'a', version: 2 });
    await clock.advance(3_000);

    assert.deepEqual(
      due.map(({ atMs }) => atMs),
      [3_000, 9_000, 13_000],
    );
    specs.pause();
  });

  test('are due again when the agent says that it forgot them', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 2 });
    specs.answer('a', 2);
    specs.lower('a', 2);
    await clock.advance(10_000);
    assert.equal(due.length, 0);
    specs.lower('a', 0);
    await clock.advance(4_000);

    assert.equal(due.length, 1);
    specs.pause();
  });

  test('rest without a link, and begin anew with the next', async () => {
    const { clock, due, specs } = setUp();

    specs.note({ id: 'a', version: 1 });
    await clock.advance(60_000);
    assert.equal(due.length, 0);
    specs.resume();
    await clock.advance(4_000);
    specs.pause();
    await clock.advance(60_000);

    assert.equal(due.length, 1);
    assert.equal(clock.pending, 0);
  });

  test('are forgotten when the lister has them no more', async () => {
    const { clock, due, specs } = setUp();
    specs.resume();

    specs.note({ id: 'a', version: 1 });
    specs.refresh([{ id: 'b', version: 4, deleted: false }]);
    await clock.advance(4_000);

    assert.equal(specs.knownVersion('a'), null);
    assert.equal(specs.knownVersion('b'), 4);
    assert.deepEqual(
      due.map(({ id }) => id),
      ['b'],
    );
    specs.forget('b');
    assert.equal(clock.pending, 0);
  });
});
