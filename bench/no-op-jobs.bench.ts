import { execa } from 'execa';
import { commands, createBenchPlace } from './bench-place.ts';
import { printRow } from './report.ts';

/** How many no-op jobs a second go through one hub and one agent, what each costs, and how that compares with a bare spawn. */
const jobs = Number(process.env['JOBS'] ?? 500);
const atOnce = 8;

async function runMany(count: number, run: () => Promise<unknown>): Promise<number> {
  let left = count;
  const startedAt = performance.now();
  const worker = async () => {
    for (; left > 0; ) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (1000 * count) / (performance.now() - startedAt);
}

const [program] = commands.nothing;
const spawnBare = () => execa(program, { stdio: 'ignore' });

await using place = await createBenchPlace({ slots: atOnce });
const runJob = async () => place.log(await place.submit('nothing'));
const idle = { hub: place.hub.residentMb(), agent: place.agent.residentMb() };
await runMany(100, runJob);
await runMany(50, spawnBare);
const before = { hub: place.hub.cpuMs(), agent: place.agent.cpuMs() };
const jobRate = await runMany(jobs, runJob);
const bareRate = await runMany(jobs, spawnBare);

printRow('what', 'hub', 'agent');
printRow('---', '---', '---');
printRow('CPU per job, ms', (place.hub.cpuMs() - before.hub) / jobs, (place.agent.cpuMs() - before.agent) / jobs);
printRow('resident when idle, MB', idle.hub, idle.agent);
printRow(`resident after ${jobs + 100} jobs, MB`, place.hub.residentMb(), place.agent.residentMb());
printRow('jobs per second', jobRate, '');
printRow('bare spawns per second', bareRate, '');
printRow('jobs per bare spawn, %', (100 * jobRate) / bareRate, '');
