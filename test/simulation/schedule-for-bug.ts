import { generatePutBack } from './generate-put-back.ts';
import { generateSchedule } from './generate-schedule.ts';
import type { PlantedBug } from './planted-bug.ts';
import type { Schedule } from './schedule.ts';

/** What a seed stands for where a planted bug is looked for. */
export function scheduleForBug(seed: number, { faults, given }: PlantedBug): Schedule {
  const schedule = faults === 'put-back' ? generatePutBack(seed) : generateSchedule(seed, faults);
  return { ...schedule, ...given };
}
