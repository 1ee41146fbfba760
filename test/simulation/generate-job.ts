import type { AutomationName } from './automations.ts';
import { generateScript, lastsMs } from './generate-script.ts';
import type { PlannedJob } from './schedule.ts';
import type { SeededRandom } from './seeded-random.ts';

export function generateJob(
  random: SeededRandom,
  {
    index,
    endMs,
    automations,
  }: {
    readonly index: number;
    readonly endMs: number;
    readonly automations: readonly [AutomationName, ...AutomationName[]];
  },
): PlannedJob {
  const automation = random.pick(automations);
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
