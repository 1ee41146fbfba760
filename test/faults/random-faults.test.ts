import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { runRandomFaults } from './rows/random-faults.ts';

checkLeaks();

test('200 random kills, stops and broken lines under load', async (t) => {
  const dice = createDice();

  const { jobs, faults, ends } = await runRandomFaults(200, dice);

  t.diagnostic(`${jobs} jobs, ${faults} faults, seed ${dice.seed}: ${JSON.stringify(ends)}`);
});
