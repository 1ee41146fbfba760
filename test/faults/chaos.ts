import { parseArgs } from 'node:util';
import { createDice } from '../support/seeded-dice.ts';
import { printFigures } from './random/print-figures.ts';
import { runRandomFaults } from './random/random-faults.ts';

const usage = 'usage: npm run test:chaos -- --minutes N [--seed S] [--between SECONDS] [--quiet]';

/**
 * `npm run test:chaos`: a hub and three agents under as many jobs as they can take, struck for so long by whatever `random/` knows: each of
 * them again within `--between` seconds (2), so the fewer strikes, the more jobs. Ends with 0 only when no job was lost, none ran twice,
 * every byte is there and nothing is left.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      between: { type: 'string', default: '2' },
      quiet: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`expected a number of minutes, got ${values.minutes ?? 'none'}\n${usage}`);
  const between = Number(values.between);
  if (!(between > 0)) throw new Error(`expected a number of seconds, got ${values.between}\n${usage}`);
  const dice = values.seed === undefined ? createDice() : createDice(Number(values.seed));
  const began = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(1).padStart(7);
    if (!values.quiet) process.stdout.write(`${seconds} ${line}\n`);
  };

  const figures = await runRandomFaults({
    dice,
    more: () => performance.now() - began < minutes * 60_000,
    long: true,
    pauseMs: 250,
    betweenStrikesMs: between * 1_000,
    say,
  });

  printFigures(figures, dice.seed);
}

await main();
