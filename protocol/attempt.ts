import { z } from 'zod';
import { outcomes, Started } from './attempt-result.ts';
import { Cause } from './cause.ts';
import { JobLog } from './job.ts';
import { Id, Name, Timestamp } from './names.ts';

/** One try at a job, as the API shows it. */
export const Attempt = z.object({
  id: Id,
  number: z.int().min(1),
  agent: Name,
  state: z.enum(['running', 'ended', 'agent-lost', 'state-lost']),
  outcome: z.enum(outcomes).nullable(),
  cause: Cause.nullable(),
  message: z.string().nullable(),
  started: Started.nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  log: JobLog.nullable(),
  startedAt: Timestamp.nullable(),
  finishedAt: Timestamp.nullable(),
});
export type Attempt = Readonly<z.infer<typeof Attempt>>;
