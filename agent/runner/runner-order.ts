import { z } from 'zod';
import { Labels } from '../../protocol/labels.ts';
import { Id, Name, Sha256 } from '../../protocol/names.ts';

/** What an agent tells the runner that it gives an attempt to. Holds no secret: the ticket is a file of its own. */
export const RunnerOrder = z.object({
  attempt: Id,
  job: Id,
  automation: Name,
  digest: Sha256.nullable(),
  agent: z.object({ name: Name, labels: Labels }),
  /** Of the agent's own, what the automation lets its jobs inherit. */
  environment: z.record(z.string(), z.string()),
  traceparent: z.string().max(64).nullable(),
});
export type RunnerOrder = Readonly<z.infer<typeof RunnerOrder>>;

/** Names in the folder that the agent fills. */
export const runnerFiles = {
  order: 'order.json',
  ticket: 'ticket',
  /** An automation that says no name has that of its file. */
  automation: (name: string) => `${name}.yaml`,
} as const;
