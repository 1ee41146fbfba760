import { createTextMask } from '../../agent/masking/text-mask.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { RunTruth } from './run-truth.ts';
import type { SimulatedClient } from './simulated-client.ts';
import type { SimulatedHub } from './simulated-hub.ts';

const lookEveryMs = 500;

/** What is shown of a program's progress is a line that it wrote, without its secrets. */
export function watchProgress(watched: {
  readonly runs: readonly RunTruth[];
  readonly hub: SimulatedHub;
  readonly client: SimulatedClient;
  readonly clock: Clock;
  violates(violation: string): void;
}): void {
  const { runs, hub, client, clock } = watched;
  for (const attempt of new Set(runs.map((run) => run.attempt))) {
    const shown = hub.core?.progress.get(attempt) ?? null;
    if (shown === null) continue;
    const own = runs.filter((run) => run.attempt === attempt);
    const secret = client.plans.get(own[0]?.job ?? '')?.secret ?? null;
    const maskText = createTextMask(secret === null ? {} : { token: secret });
    const lines = own.flatMap(({ progress }) => progress.map((line) => maskText(line.trim())));
    const told = `${shown.percent} ${shown.message}`;
    if (!lines.includes(told)) watched.violates(`attempt ${attempt} is shown at "${told}", and never said so`);
  }
  clock.schedule(lookEveryMs, () => watchProgress(watched));
}
