import type { AutomationName } from './automations.ts';
import { generateScript, lastsMs } from './generate-script.ts';
import type { Fault, PlannedJob, PlannedRetention, Schedule, Side } from './schedule.ts';
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

const week = 7 * 86_400_000;

/** Operations around which it matters most what was done and what was not. */
const hubSteps = ['open-attempt', 'end-attempt', 'offer-attempt', 'submit-job', 'report-attempt', 'flush log'] as const;
const agentSteps = [
  'spawn command',
  'spawn command',
  'spawn before',
  'spawn after',
  'claim.json',
  'document.json',
  'document.json',
  'intent.json',
  'after.json',
  'result.json',
  '/started',
  '/exit',
  'tombstones',
  'removed-',
  'wrapper ended',
  'SIGTERM',
] as const;

export type FaultKind = (typeof kinds)[number];

/** What a seed stands for. `only`: faults of these kinds, and no others. */
export function generateSchedule(seed: number, only: readonly FaultKind[] | null = null): Schedule {
  const random = createSeededRandom(`schedule ${seed}`);
  const faultsEndMs = random.pick([30_000, 60_000, 120_000]);
  const agents = random.pick([1, 1, 1, 2]);
  const jobs = Array.from({ length: random.between(1, 5) }, (_, index) => generateJob(random, index, faultsEndMs));
  const chosen = only ?? Array.from({ length: random.between(1, 4) }, () => random.pick(kinds));
  const faults = Array.from({ length: random.between(1, 8) }, () =>
    generateFault(random, {
      kind: random.pick(chosen as [FaultKind]),
      agents,
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

/** Most of what can go wrong goes wrong while a job begins or ends. */
function pickMoment(random: SeededRandom, jobs: readonly PlannedJob[], endMs: number): number {
  const job = jobs[random.below(jobs.length)];
  if (job === undefined || random.happens(0.3)) return random.below(endMs);
  const from = random.happens(0.5) ? job.atMs : job.atMs + lastsMs(job.script);
  return Math.min(from + random.below(random.pick([60, 300, 3_000])), endMs - 1);
}

function generateJob(random: SeededRandom, index: number, endMs: number): PlannedJob {
  const automation = random.pick<AutomationName>(['plain', 'safe', 'limited', 'capped', 'hooked', 'hooked', 'careful']);
  const secret = random.happens(0.4) ? `hush-${index}-${random.below(1e9).toString(36)}-hush` : null;
  const atMs = random.below(endMs / 2);
  const script = generateScript(random, { index, automation, secret });
  const lasts = lastsMs(script);
  const cancelled = random.pick([random.below(200), random.below(30_000), lasts + random.below(250)]);
  return {
    name: `job-${index}`,
    atMs,
    automation,
    account: random.pick(['default', 'default', 'other']),
    script,
    secret,
    timeoutSeconds: random.happens(0.2)
      ? random.pick([random.between(1, 20), (lasts + random.between(1, 200)) / 1000])
      : null,
    expiresInSeconds: random.happens(0.1) ? random.between(5, 60) : null,
    retryLimit: random.between(0, 2),
    cancelAtMs: random.happens(0.3) ? atMs + cancelled : null,
  };
}

function generateFault(
  random: SeededRandom,
  { kind, agents, momentOf }: { readonly kind: FaultKind; readonly agents: number; readonly momentOf: () => number },
): Fault {
  const atMs = momentOf();
  const agent = random.below(agents);
  const who: Side = random.pick(['hub', 'agent']);
  const downMs = random.pick([1, 1, 10, 500, 5_000, 40_000]);
  const forMs = random.pick([200, 3_000, 35_000]);
  switch (kind) {
    case 'crash': {
      const on = random.happens(0.5) ? null : random.pick(who === 'hub' ? hubSteps : agentSteps);
      return {
        type: 'crash',
        // One that waits for a step may wait for it from early on.
        atMs: on === null ? atMs : Math.max(0, atMs - random.below(3_000)),
        who,
        agent,
        operations: on === null ? random.below(random.pick([3, 30, 100])) : random.pick([0, 0, 0, 1, 2]),
        on,
        when: random.pick(['before', 'after']),
        how: random.pick(['kill', 'kill', 'power']),
        downMs,
      };
    }
    case 'leave':
      return { type: kind, atMs, agent, downMs };
    case 'cut':
      return {
        type: kind,
        atMs,
        agent,
        which: random.pick(['control', 'sessions', 'all']),
        direction: random.pick(['up', 'down']),
        afterMessages: random.below(4),
      };
    case 'partition':
      return {
        type: kind,
        atMs,
        agent,
        forMs,
        direction: random.pick(['up', 'down', 'both']),
        vanish: random.happens(0.4),
        noDials: random.happens(0.5),
      };
    case 'lossy': {
      const chance = () => random.pick([0, 0.1, 0.5]);
      return {
        type: kind,
        atMs,
        forMs,
        drop: chance(),
        double: chance(),
        late: chance(),
        lateMs: random.below(10_000),
      };
    }
    case 'slow':
      return { type: kind, atMs, forMs, latencyMs: random.below(400), jitterMs: random.below(400) };
    case 'kill-job':
      return {
        type: kind,
        atMs,
        agent,
        what: random.pick(['wrapper', 'command', 'sink', 'both']),
        pick: random.below(4),
      };
    case 'disk-full':
      return { type: kind, atMs, agent, forMs, leftBytes: random.below(4_000) };
    case 'disk-error':
      return {
        type: kind,
        atMs,
        who,
        agent,
        on: random.pick(['write', 'flush']),
        code: random.pick(['EIO', 'ENOSPC']),
        operations: random.below(20),
      };
    case 'lose-disk':
      return { type: kind, atMs, agent, downMs: random.happens(0.5) ? 0 : downMs };
    case 'stale-open':
      return { type: kind, atMs: atMs + random.below(3_000), agent, pick: random.below(4) };
    case 'second-agent':
      return { type: kind, atMs, agent, forMs };
    case 'copy-folder':
      return {
        type: kind,
        atMs,
        agent,
        forMs,
        fromMs: Math.max(0, atMs - random.below(random.pick([2, 200, 20_000]))),
        sameBoot: random.happens(0.5),
      };
    case 'restore-store':
      return {
        type: kind,
        atMs,
        fromMs: Math.min(momentOf(), Math.max(atMs - 1, 0)),
        how: random.pick(['backup', 'copy']),
        cancelQueued: random.happens(0.3),
        downMs,
        trustAfterMs: random.pick([0, 5_000, 60_000]),
      };
    case 'clock-jump':
      return { type: kind, atMs, who, agent, byMs: random.pick([-3_600_000, -5_000, 5_000, 600_000, 86_400_000]) };
  }
}
