import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generateHandover } from './generate-handover.ts';
import { runSimulation } from './run-simulation.ts';
import type { Schedule } from './schedule.ts';
import { scheduleOfSeed } from './schedule-of-seed.ts';
import { shrink } from './shrink.ts';

/** As many as a test run has time for. `npm run test:simulation` runs thousands. */
const seeds = 80;
const perTest = 20;
/** Schedules that showed a mistake which the program really had, whatever became of the generator since. */
const failedOnce = join(import.meta.dirname, 'fixtures/failed-once');

describe('the simulation', () => {
  for (let from = 1; from <= seeds; from += perTest) {
    it(`keeps every promise in seeds ${from} to ${from + perTest - 1}`, async () => {
      for (let seed = from; seed < from + perTest; seed++) {
        const { violations } = await runSimulation(scheduleOfSeed(seed));
        assert.deepEqual(violations, [], `replay with: npm run test:simulation -- --shrink --seed ${seed}`);
      }
    });
  }

  for (const name of readdirSync(failedOnce)) {
    it(`keeps every promise in a schedule that failed once: ${name}`, async () => {
      const schedule: Schedule = JSON.parse(readFileSync(join(failedOnce, name), 'utf8'));

      assert.deepEqual((await runSimulation(schedule)).violations, []);
    });
  }

  it('runs every command that is handed over once and to its end, where nothing goes wrong', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { jobs, ...schedule } = generateHandover(seed);
      const undisturbed = { cancelAtMs: null, timeoutSeconds: null, expiresInSeconds: null } as const;
      const handedOver = jobs.map((job) => ({ ...job, ...undisturbed, automation: 'podded' as const }));

      const { violations, runs, lines } = await runSimulation(
        { ...schedule, jobs: handedOver, faults: [] },
        { keeps: 'events' },
      );

      assert.deepEqual(violations, []);
      assert.equal(runs, jobs.length);
      assert.equal(lines.filter((line) => line.endsWith('ends: delivered')).length, jobs.length);
    }
  });

  it('plays the same schedule the same way, event for event', async () => {
    for (const seed of [1, 2, 3]) {
      const one = await runSimulation(scheduleOfSeed(seed), { keeps: 'all' });
      const other = await runSimulation(scheduleOfSeed(seed), { keeps: 'all' });

      assert.deepEqual(one.lines, other.lines);
      assert.equal(one.digest, other.digest);
    }
  });

  it('plays another schedule another way', async () => {
    const one = await runSimulation(scheduleOfSeed(1));
    const other = await runSimulation(scheduleOfSeed(2));

    assert.notEqual(one.digest, other.digest);
  });
});

describe('a shrunk schedule', () => {
  it('holds only what it takes to fail', async () => {
    const schedule = scheduleOfSeed(5);
    const [needed] = schedule.faults;
    const job = schedule.jobs.at(-1);

    const smallest = await shrink(
      schedule,
      async ({ faults, jobs }) =>
        faults.some((fault) => fault === needed) && jobs.some(({ name }) => name === job?.name),
    );

    assert.deepEqual(smallest.faults, [needed]);
    assert.deepEqual(
      smallest.jobs.map(({ name, secret, cancelAtMs, script }) => [
        name,
        secret,
        cancelAtMs,
        script.command.acts.length,
      ]),
      [[job?.name, null, null, 0]],
    );
  });
});
