import { FaultDriver } from './fault-driver.ts';
import { Oracle } from './oracle.ts';
import type { Schedule } from './schedule.ts';
import { World } from './world.ts';

export interface SimulationOutcome {
  /** What was promised and not kept. */
  readonly violations: readonly string[];
  /** Of everything that happened, in order. */
  readonly digest: string;
  readonly lines: readonly string[];
  readonly runs: number;
  readonly virtualMs: number;
}

const lookEveryMs = 2_000;
/** So long after the last fault everything must have come to its end. */
const patienceMs = 30 * 60_000;

/** Plays a schedule to its end, and says what was not as it should be. */
export async function runSimulation(
  schedule: Schedule,
  { keeps = 'nothing' }: { readonly keeps?: 'nothing' | 'events' | 'all' } = {},
): Promise<SimulationOutcome> {
  const world = new World(schedule, keeps);
  await world.begin();
  for (const planned of schedule.jobs) {
    world.clock.schedule(planned.atMs, () => void world.client.submit(planned));
    if (planned.cancelAtMs !== null) world.clock.schedule(planned.cancelAtMs, () => void world.client.cancel(planned));
  }
  const faults = new FaultDriver(world);
  await world.pass(schedule.faultsEndMs);
  await faults.heal();
  const endMs = world.clock.monotonic() + patienceMs;
  for (let quiet = 0; quiet < 2 && world.violations.length === 0 && world.clock.monotonic() < endMs; ) {
    await world.pass(lookEveryMs);
    quiet = (await new Oracle(world).isQuiet()) ? quiet + 1 : 0;
  }
  await new Oracle(world).check();
  return {
    violations: world.violations,
    digest: world.trace.digest(),
    lines: world.trace.lines,
    runs: world.runs.length,
    virtualMs: world.clock.monotonic(),
  };
}
