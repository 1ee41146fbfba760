import { parseArgs } from 'node:util';
import { printFigures } from '../faults/random/print-figures.ts';
import { createDice } from '../support/seeded-dice.ts';
import { runRandomPods } from './random/random-pods.ts';

const usage = 'usage: npm run test:chaos:kubernetes -- [--jobs N] [--seed S] [--between SECONDS] [--quiet]';

/**
 * `npm run test:chaos:kubernetes`: jobs that run as pods of a real cluster, half of them with a runner, while the hub, the agents, the programs of the cluster and single pods are struck by whatever
 * `random/` knows: each of them again within `--between` seconds (10). Ends with 0 only when no job was lost, none ran twice, every byte is there, and nothing is
 * left in the cluster.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '200' },
      seed: { type: 'string' },
      between: { type: 'string', default: '10' },
      quiet: { type: 'boolean', default: false },
    },
  });
  const [jobs, between] = [Number(values.jobs), Number(values.between)];
  if (!(jobs > 0)) throw new Error(`expected a number of jobs, got ${values.jobs}\n${usage}`);
  if (!(between > 0)) throw new Error(`expected a number of seconds, got ${values.between}\n${usage}`);
  const dice = values.seed === undefined ? createDice() : createDice(Number(values.seed));
  const began = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(1).padStart(7);
    if (!values.quiet) process.stdout.write(`${seconds} ${line}\n`);
  };

  const figures = await runRandomPods({ dice, jobs, betweenStrikesMs: between * 1_000, say });

  printFigures(figures, dice.seed);
  process.stdout.write('nothing is left in the cluster\n');
}

await main();
