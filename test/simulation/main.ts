import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseOptions, type SimulationOptions } from './options.ts';
import { runSimulation } from './run-simulation.ts';
import type { Schedule } from './schedule.ts';
import { scheduleOfSeed } from './schedule-of-seed.ts';
import { shrink } from './shrink.ts';

/** `npm run test:simulation`: many seeds at once, or one told in full. Ends with 1 when something promised was not kept. */
const options = parseOptions(process.argv.slice(2));
const failed = options.seed === null && options.schedule === null ? await runMany(options) : await tellOne(options);
process.exitCode = failed ? 1 : 0;

async function tellOne({ seed, schedule: path, shrinks, isVerbose }: SimulationOptions): Promise<boolean> {
  const given: Schedule = path === null ? scheduleOfSeed(seed ?? 0) : JSON.parse(readFileSync(path, 'utf8'));
  const schedule = shrinks ? await shrink(given) : given;
  console.log(JSON.stringify(schedule));
  const { lines, violations, digest } = await runSimulation(schedule, { keeps: isVerbose ? 'all' : 'events' });
  console.log(lines.join('\n'));
  console.log(violations.length === 0 ? 'everything promised was kept' : violations.join('\n'));
  console.log(`digest ${digest}`);
  return violations.length > 0;
}

async function runMany(options: SimulationOptions): Promise<boolean> {
  const begunAt = performance.now();
  const { processes, seeds } = options;
  const failures = processes === 1 ? await runHere(options) : await runInChildren(options);
  const seconds = Math.round((performance.now() - begunAt) / 1000);
  console.log(
    `${seeds} seeds in ${seconds} s: ${failures === 0 ? 'everything promised was kept' : `${failures} failed`}`,
  );
  return failures > 0;
}

async function runHere({ from, seeds }: SimulationOptions): Promise<number> {
  let failures = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const { violations } = await runSimulation(scheduleOfSeed(seed));
    if (violations.length === 0) continue;
    failures += 1;
    console.log(`seed ${seed} fails; see it with: npm run test:simulation -- --shrink --seed ${seed}`);
    for (const violation of violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  return failures;
}

/** Each child has its part of the seeds, and its own process. */
async function runInChildren({ from, seeds, processes }: SimulationOptions): Promise<number> {
  const share = Math.ceil(seeds / processes);
  const parts = Array.from({ length: processes }, (_, index) => ({
    from: from + index * share,
    seeds: Math.min(share, seeds - index * share),
  })).filter((part) => part.seeds > 0);
  const counts = await Promise.all(parts.map((part) => runChild(part.from, part.seeds)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function runChild(from: number, seeds: number): Promise<number> {
  const file = fileURLToPath(import.meta.url);
  const given = ['--processes', '1', '--from', String(from), '--seeds', String(seeds)];
  const child = spawn(process.execPath, [...process.execArgv, file, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let failures = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('seed ')) failures += 1;
    if (!line.startsWith(`${seeds} seeds in`)) console.log(line);
  }
  const code = await ended;
  return code === 0 || failures > 0 ? failures : 1;
}
