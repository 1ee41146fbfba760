import { test } from 'node:test';
import { runRandomFaults } from '../faults/random/random-faults.ts';
import { runCutSessions } from '../faults/rows/cut-sessions.ts';
import { runLife, steps, type Victim } from '../faults/rows/life-steps.ts';
import { createFaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { pairwise } from '../support/pairwise.ts';

// A part of `npm run test:faults`, which does all of it and much more.

checkLeaks();

test("kill -9 at some steps of a job's life", async () => {
  const chosen: readonly (readonly [Victim, string])[] = [
    ['both', 'document sent'],
    ['agent', 'ended'],
    ['hub', 'result sent'],
  ];

  await pairwise(chosen, async ([victim, name]) => {
    for (const step of steps)
      if (step.name === name) await runLife({ victim, blow: 'killed', step }, { createPlace: createFaultPlace });
  });
});

test('a few random kills, stops and broken lines under load', async (t) => {
  const { jobs } = await runRandomFaults({ more: (struck) => struck < 6, long: false });

  t.diagnostic(`${jobs} jobs`);
});

test('sessions cut at bytes all over a 64 KiB log, without secrets and with some', async () => {
  await runCutSessions({ masked: false, every: 997 });
  await runCutSessions({ masked: true, every: 4_999 });
});
