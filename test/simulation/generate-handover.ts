import type { AutomationName } from './automations.ts';
import { type FaultKind, type FaultSteps, generateFault } from './generate-fault.ts';
import { generateJob } from './generate-job.ts';
import { pickMoment } from './pick-moment.ts';
import type { Schedule } from './schedule.ts';
import { createSeededRandom } from './seeded-random.ts';

const kinds = [
  'crash-runner',
  'crash-runner',
  'crash-runner',
  'cut-runner',
  'part-pod',
  'end-pod',
  'end-pod',
  'kill-container',
  'replace-pod',
  'replace-pod',
  'stale-runner',
  'misuse-ticket',
  'crash',
  'crash',
  'crash',
  'leave',
  'cut',
  'partition',
  'lossy',
  'slow',
  'lose-disk',
  'stale-open',
  'restore-store',
  'clock-jump',
] as const satisfies readonly FaultKind[];

const automations = [
  'podded',
  'podded',
  'podded',
  'podded-safe',
  'podded-limited',
  'plain',
] as const satisfies readonly AutomationName[];

const steps: FaultSteps = {
  hub: ['open-attempt', 'open-runner', 'open-runner', 'issue ticket', 'end-attempt', 'offer-attempt', 'flush log'],
  agent: [
    'claim.json',
    'document.json',
    'document.json',
    'pods.json',
    'create Job',
    'let Job go',
    'look at Job',
    'delete Job',
    'intent.json',
    'result.json',
    'tombstones',
    'removed-',
  ],
};

const week = 7 * 86_400_000;

/** Jobs most of which are handed over to pods, with what can go wrong there and elsewhere. `only`: faults of these kinds, and no others. */
export function generateHandover(seed: number, only: readonly FaultKind[] | null = null): Schedule {
  const random = createSeededRandom(`handover ${seed}`);
  const faultsEndMs = random.pick([30_000, 60_000]);
  const agents = random.pick([1, 1, 1, 2]);
  const jobs = Array.from({ length: random.between(1, 3) }, (_, index) =>
    generateJob(random, { index, endMs: faultsEndMs, automations }),
  );
  const chosen = only ?? Array.from({ length: random.between(1, 4) }, () => random.pick(kinds));
  const faults = Array.from({ length: random.between(1, 8) }, () =>
    generateFault(random, {
      kind: random.pick(chosen as [FaultKind]),
      agents,
      steps,
      momentOf: () => pickMoment(random, jobs, faultsEndMs),
    }),
  );
  return {
    seed: `handover ${seed}`,
    agents,
    slots: random.between(1, 3),
    lostAfterMs: random.pick([20_000, 60_000, 3_600_000]),
    correctionWindowMs: random.pick([week, week, week, 60_000]),
    retention: null,
    comeMs: random.pick([20_000, 900_000]),
    faultsEndMs,
    jobs,
    faults: faults.toSorted((one, other) => one.atMs - other.atMs),
  };
}
