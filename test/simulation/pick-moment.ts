import { lastsMs } from './generate-script.ts';
import type { PlannedJob } from './schedule.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Most of what can go wrong goes wrong while a job begins or ends. */
export function pickMoment(random: SeededRandom, jobs: readonly PlannedJob[], endMs: number): number {
  const job = jobs[random.below(jobs.length)];
  if (job === undefined || random.happens(0.3)) return random.below(endMs);
  const from = random.happens(0.5) ? job.atMs : job.atMs + lastsMs(job.script);
  return Math.min(from + random.below(random.pick([60, 300, 3_000])), endMs - 1);
}
