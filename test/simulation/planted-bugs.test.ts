import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { generateForBug } from './generate-for-bug.ts';
import { plantedBugs } from './planted-bugs.ts';
import { runSimulation } from './run-simulation.ts';

const run = promisify(execFile);

/** Some seconds, for a machine that has nothing else to do. */
const patienceMs = 600_000;

describe('the simulation finds that', () => {
  for (const [index, bug] of plantedBugs.entries()) {
    it(`${bug.name}`, { timeout: patienceMs }, async () => {
      const { stdout } = await run(process.execPath, [
        join(import.meta.dirname, 'fixtures/find-bug.ts'),
        String(index),
      ]);

      assert.notEqual(stdout, '', `expected one of ${bug.seeds} seeds to fail with this mistake in the program`);
      const { seed } = JSON.parse(stdout) as { readonly seed: number };
      const { violations } = await runSimulation(generateForBug(bug, seed));
      assert.deepEqual(violations, [], `seed ${seed} fails without the mistake too`);
    });
  }
});
