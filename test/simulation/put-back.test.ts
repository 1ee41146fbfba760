import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generatePutBack } from './generate-put-back.ts';
import { runSimulation } from './run-simulation.ts';

const seeds = 12;

it("nothing runs twice when the hub's files are put back, however the agents come and whoever of them is killed", async () => {
  let held = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, lines } = await runSimulation(generatePutBack(seed), { keeps: 'events' });

    assert.deepEqual(violations, [], `seed ${seed}`);
    if (lines.some((line) => line.includes('has seen this store further'))) held++;
  }
  assert.ok(held > seeds / 2, `expected most of the runs to put back an older store, got ${held} of ${seeds}`);
});
