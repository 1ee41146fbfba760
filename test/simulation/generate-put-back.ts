import type { ProgramScript } from './job-script.ts';
import type { Fault, PlannedJob, Schedule } from './schedule.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

/** Jobs that wait when the hub's files are copied, and are through when they are put back. */
const jobCount = 8;

/**
 * The hub's files are put back as they were while jobs waited, one agent ran those since, and the other one, which was down, comes back about when the
 * hub does. The first may be killed too. Nobody trusts the store before all is over.
 */
export function generatePutBack(seed: number): Schedule {
  const random = createSeededRandom(`put back ${seed}`);
  const fromMs = random.between(4_500, 7_000);
  const atMs = fromMs + random.between(2_000, 12_000);
  const downMs = random.below(4_000);
  const jobs = Array.from({ length: jobCount }, (_, index) => generateJob(random, index));
  const crash = (agent: number, times: { atMs: number; downMs: number }): Fault => ({
    type: 'crash',
    who: 'agent',
    agent,
    operations: 0,
    on: null,
    when: 'before',
    how: random.pick(['kill', 'kill', 'power']),
    ...times,
  });
  const faults: Fault[] = [
    crash(1, { atMs: 3_500, downMs: atMs + downMs - 3_500 + random.below(3_000) }),
    { type: 'restore-store', how: 'copy', fromMs, atMs, downMs, cancelQueued: false, trustAfterMs: 60_000 },
  ];
  if (random.happens(0.5))
    faults.push(crash(0, { atMs: atMs - random.below(500), downMs: downMs + random.below(6_000) }));
  return {
    seed: `put back ${seed}`,
    agents: 2,
    slots: random.between(1, 2),
    lostAfterMs: 3_600_000,
    correctionWindowMs: 604_800_000,
    retention: null,
    faultsEndMs: 80_000,
    jobs,
    faults: faults.toSorted((one, other) => one.atMs - other.atMs),
  };
}

function generateJob(random: SeededRandom, index: number): PlannedJob {
  return {
    name: `job-${index}`,
    atMs: random.below(3_000),
    automation: 'plain',
    account: 'default',
    script: { command: generateProgram(random), before: generateProgram(random), after: generateProgram(random) },
    secret: null,
    timeoutSeconds: null,
    expiresInSeconds: null,
    retryLimit: 0,
    cancelAtMs: null,
  };
}

function generateProgram(random: SeededRandom): ProgramScript {
  return { acts: [], endsAfterMs: random.between(500, 4_000), status: 0, termMs: 0 };
}
