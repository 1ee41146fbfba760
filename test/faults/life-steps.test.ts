import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { pairwise } from '../support/pairwise.ts';
import { runLife, steps } from './rows/life-steps.ts';

checkLeaks();

for (const victim of ['agent', 'hub', 'both'] as const) {
  test(`kill -9 of ${victim === 'both' ? 'hub and agent' : `the ${victim}`} at each step of a job's life`, async (t) => {
    await pairwise(steps, (step) => runLife(victim, step));

    t.diagnostic(`${steps.length} lives`);
  });
}
