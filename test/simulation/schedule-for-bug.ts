import { generateHandover } from './generate-handover.ts';
import { generatePutBack } from './generate-put-back.ts';
import { generateSchedule } from './generate-schedule.ts';
import type { PlantedBug } from './planted-bug.ts';
import type { Schedule } from './schedule.ts';

/** What a seed stands for where a planted bug is looked for. */
export function scheduleForBug(seed: number, { faults, inPods, given }: PlantedBug): Schedule {
  const generate = inPods === true ? generateHandover : generateSchedule;
  const schedule = faults === 'put-back' ? generatePutBack(seed) : generate(seed, faults);
  return { ...schedule, ...given };
}
