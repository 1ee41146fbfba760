import type { ProgramAct } from './job-script.ts';
import { runSimulation } from './run-simulation.ts';
import type { Schedule } from './schedule.ts';

/** Runs of a shrinker at most: each costs about a tenth of a second. */
const maxRuns = 400;

/**
 * The least of a schedule that still fails: faults and jobs are left out, one by one, for as long as something promised is not kept.
 * What fails may become another thing on the way.
 */
export async function shrink(
  schedule: Schedule,
  fails: (schedule: Schedule) => Promise<boolean> = async (smaller) =>
    (await runSimulation(smaller)).violations.length > 0,
): Promise<Schedule> {
  let smallest = schedule;
  let runs = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const candidate of smallerThan(smallest)) {
      runs += 1;
      if (runs > maxRuns) return smallest;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      changed = true;
      break;
    }
  }
  return smallest;
}

/** The greatest steps first. */
function* smallerThan(schedule: Schedule): Generator<Schedule> {
  for (const index of schedule.faults.keys()) yield { ...schedule, faults: schedule.faults.toSpliced(index, 1) };
  if (schedule.jobs.length > 1)
    for (const index of schedule.jobs.keys()) yield { ...schedule, jobs: schedule.jobs.toSpliced(index, 1) };
  for (const [index, job] of schedule.jobs.entries()) {
    const { acts } = job.script.command;
    if (job.cancelAtMs !== null) yield withJob(schedule, index, { ...job, cancelAtMs: null });
    if (job.timeoutSeconds !== null) yield withJob(schedule, index, { ...job, timeoutSeconds: null });
    if (job.secret !== null) yield withJob(schedule, index, { ...job, secret: null });
    if (acts.length > 1) yield withActs(schedule, index, acts.slice(0, 1));
    if (acts.length > 0) yield withActs(schedule, index, []);
  }
  if (schedule.agents > 1) yield { ...schedule, agents: schedule.agents - 1 };
}

function withActs(schedule: Schedule, index: number, acts: readonly ProgramAct[]): Schedule {
  const job = schedule.jobs[index];
  if (job === undefined) return schedule;
  return withJob(schedule, index, { ...job, script: { ...job.script, command: { ...job.script.command, acts } } });
}

function withJob(schedule: Schedule, index: number, job: Schedule['jobs'][number]): Schedule {
  return { ...schedule, jobs: schedule.jobs.with(index, job) };
}
