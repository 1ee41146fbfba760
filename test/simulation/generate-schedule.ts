import type { AutomationName } from './automations.ts';
import { type FaultKind, generalSteps, generateFault } from './generate-fault.ts';
import { generateJob } from './generate-job.ts';
import { pickMoment } from './pick-moment.ts';
import type { PlannedRetention, Schedule } from './schedule.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

/** Faults that a run may have; a run has some kinds of them, so that rare ones are not always beside all others. */
const kinds = [
  'crash',
  'crash',
  'crash',
  'leave',
  'cut',
  'cut',
  'partition',
  'lossy',
  'slow',
  'kill-job',
  'disk-full',
  'disk-error',
  'lose-disk',
  'stale-open',
  'second-agent',
  'copy-folder',
  'restore-store',
  'clock-jump',
] as const;

const automations = [
  'plain',
  'safe',
  'limited',
  'capped',
  'hooked',
  'hooked',
  'careful',
] as const satisfies readonly AutomationName[];

const week = 7 * 86_400_000;

/** What a seed stands for. `only`: faults of these kinds, and no others. */
export function generateSchedule(seed: number, only: readonly FaultKind[] | null = null): Schedule {
  const random = createSeededRandom(`schedule ${seed}`);
  const faultsEndMs = random.pick([30_000, 60_000, 120_000]);
  const agents = random.pick([1, 1, 1, 2]);
  const jobs = Array.from({ length: random.between(1, 5) }, (_, index) =>
    generateJob(random, { index, endMs: faultsEndMs, automations }),
  );
  const chosen = only ?? Array.from({ length: random.between(1, 4) }, () => random.pick(kinds));
  const faults = Array.from({ length: random.between(1, 8) }, () =>
    generateFault(random, {
      kind: random.pick(chosen as [FaultKind]),
      agents,
      steps: generalSteps,
      momentOf: () => pickMoment(random, jobs, faultsEndMs),
    }),
  );
  return {
    seed: String(seed),
    agents,
    slots: random.between(1, 3),
    lostAfterMs: random.pick([20_000, 60_000, 3_600_000]),
    correctionWindowMs: random.pick([week, week, week, 60_000]),
    retention: random.happens(0.25) ? generateRetention(random) : null,
    faultsEndMs,
    jobs,
    faults: faults.toSorted((one, other) => one.atMs - other.atMs),
  };
}

function generateRetention(random: SeededRandom): PlannedRetention {
  const maybe = (value: number) => (random.happens(0.6) ? value : null);
  return {
    jobsForMs: maybe(random.pick([1_000, 20_000, 120_000])),
    jobsPerAccount: maybe(random.between(1, 2)),
    logBytes: maybe(random.pick([0, 500, 4_000])),
    everyMs: random.pick([2_000, 15_000]),
  };
}
