import type { PodFault } from './pod-fault.ts';
import type { Fault, Side } from './schedule.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Operations around which it matters most what was done and what was not. */
export interface FaultSteps {
  readonly hub: readonly [string, ...string[]];
  readonly agent: readonly [string, ...string[]];
}

export const generalSteps: FaultSteps = {
  hub: ['open-attempt', 'end-attempt', 'offer-attempt', 'submit-job', 'report-attempt', 'flush log'],
  agent: [
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
  ],
};

const runnerSteps = [
  'runner.json',
  'claim.json',
  'document.json',
  'document.json',
  '/go',
  'shared/attempt',
  '/started',
  '/exit',
  'intent.json',
  'result.json',
  'tombstones',
  'removed-',
  'read ticket',
] as const;

export type FaultKind = Fault['type'];

export function generateFault(
  random: SeededRandom,
  given: {
    readonly kind: FaultKind;
    readonly agents: number;
    readonly steps: FaultSteps;
    readonly momentOf: () => number;
  },
): Fault {
  const { kind, agents, steps, momentOf } = given;
  const atMs = momentOf();
  const agent = random.below(agents);
  const who: Side = random.pick(['hub', 'agent']);
  const downMs = random.pick([1, 1, 10, 500, 5_000, 40_000]);
  const forMs = random.pick([200, 3_000, 35_000]);
  switch (kind) {
    case 'crash': {
      const on = random.happens(0.5) ? null : random.pick(steps[who]);
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
    default:
      return generatePodFault(random, { kind, atMs, downMs, forMs });
  }
}

function generatePodFault(
  random: SeededRandom,
  given: {
    readonly kind: PodFault['type'];
    readonly atMs: number;
    readonly downMs: number;
    readonly forMs: number;
  },
): PodFault {
  const { kind, atMs, downMs, forMs } = given;
  const pick = random.below(4);
  switch (kind) {
    case 'crash-runner': {
      const on = random.happens(0.3) ? null : random.pick(runnerSteps);
      return {
        type: kind,
        atMs: on === null ? atMs : Math.max(0, atMs - random.below(3_000)),
        pick,
        operations: on === null ? random.below(random.pick([3, 30, 100])) : random.pick([0, 0, 0, 1, 2, 5]),
        on,
        when: random.pick(['before', 'after']),
        downMs,
      };
    }
    case 'cut-runner':
      return { type: kind, atMs, pick, direction: random.pick(['up', 'down']), afterMessages: random.below(4) };
    case 'part-pod':
      return { type: kind, atMs, pick, forMs, vanish: random.happens(0.4), isCalledLost: random.happens(0.4) };
    case 'end-pod':
      return {
        type: kind,
        atMs,
        pick,
        cause: random.pick(['evicted', 'pod-deleted']),
        graceMs: random.pick([null, 0, 2_000, 30_000]),
      };
    case 'kill-container':
      return { type: kind, atMs, pick, what: random.pick(['container', 'command']) };
    case 'replace-pod':
      return { type: kind, atMs, pick };
    case 'stale-runner':
      return { type: kind, atMs: atMs + random.below(3_000), pick, back: random.below(4) };
    case 'misuse-ticket':
      return { type: kind, atMs, pick };
  }
}
