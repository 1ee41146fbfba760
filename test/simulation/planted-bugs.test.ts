import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { plantedBugs } from './planted-bugs.ts';
import { runSimulation } from './run-simulation.ts';
import { scheduleForBug } from './schedule-for-bug.ts';

const run = promisify(execFile);

/** Some seconds, for a machine that has nothing else to do. */
const patienceMs = 600_000;

describe('the simulation finds that', () => {
  /** Each mistake has a process of its own, and all but one file of the program in common with the others. */
  let compiled = '';

  before(async () => {
    compiled = await mkdtemp(join(tmpdir(), 'farhand-planted-'));
  });

  after(() => rm(compiled, { recursive: true }));

  for (const [index, bug] of plantedBugs.entries()) {
    it(`${bug.name}`, { timeout: patienceMs }, async () => {
      const { stdout } = await run(
        process.execPath,
        [join(import.meta.dirname, 'fixtures/find-bug.ts'), String(index)],
        { env: { ...process.env, NODE_COMPILE_CACHE: compiled } },
      );

      assert.notEqual(stdout, '', `expected one of ${bug.seeds} seeds to fail with this mistake in the program`);
      const { seed } = JSON.parse(stdout) as { readonly seed: number };
      const { violations } = await runSimulation(scheduleForBug(seed, bug));
      assert.deepEqual(violations, [], `seed ${seed} fails without the mistake too`);
    });
  }
});
