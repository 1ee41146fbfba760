import { generatePutBack } from './generate-put-back.ts';
import { generateSchedule } from './generate-schedule.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Schedule } from './schedule.ts';

/** What a seed stands for where this mistake is looked for. */
export function generateForBug({ faults }: PlantedBug, seed: number): Schedule {
  return faults === 'put-back' ? generatePutBack(seed) : generateSchedule(seed, faults);
}
