import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createRounds } from '../../sync/rounds.ts';
import { createTestRandom } from './world.ts';

test('rounds are at most a period apart, not all at the same distance, and end when stopped', async () => {
  const clock = createVirtualClock();
  const at: number[] = [0];
  const rounds = createRounds({
    clock,
    random: createTestRandom(),
    periodMs: 1_000,
    onRound: () => at.push(clock.monotonic()),
  });

  rounds.start();
  await clock.advance(50_000);
  rounds.stop();
  await clock.advance(5_000);

  const distances = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  assert.ok(distances.every((distance) => distance >= 800 && distance <= 1_000));
  assert.ok(new Set(distances).size > 10);
  assert.ok((at.at(-1) ?? 0) <= 50_000);
});
