import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { runRandomFaults } from './random/random-faults.ts';

checkLeaks();

faultTest(
  {
    broken: 'anything, by SIGKILL and SIGSTOP, and the lines between',
    when: '200 times at random under load',
    outcome: 'every job has an end that is true of it',
  },
  async ({ createPlace, note }) => {
    const dice = createDice();

    await runRandomFaults({ dice, more: (struck) => struck < 200, long: false, createPlace });

    note(`seed ${dice.seed}`);
  },
);
