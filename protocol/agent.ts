import { z } from 'zod';
import { Admission } from './admission.ts';
import { AgentDesired, AgentHealth, AgentReport } from './agent-report.ts';
import { AutomationSummary, ExecutorName } from './automation-summary.ts';
import { Labels } from './labels.ts';
import { Id, Name, Sha256, Timestamp } from './names.ts';

/** An agent as the API shows it. */
export const Agent = z.object({
  id: Id,
  name: Name,
  account: Name,
  labels: Labels,
  online: z.boolean(),
  version: z.string().nullable(),
  platform: AgentReport.shape.platform.nullable(),
  transport: z.string().nullable(),
  slots: AgentReport.shape.slots,
  automations: z.array(z.object({ name: Name, digest: Sha256 })),
  health: AgentHealth.nullable(),
  schedulable: z.boolean(),
  /** Somebody asked for it to be given no more work. */
  drain: z.boolean(),
  /** What they said about that, or about giving it work again. */
  note: z.string().nullable(),
  loopLagMs: z.number().nullable(),
  /** Whether it takes jobs as far as pressure goes; null while it has not said. */
  admission: Admission.nullable(),
  keyFingerprint: z.string().describe('SHA-256 of the key by which the hub knows it'),
  keyRotating: z.boolean().describe('another key was asked for, and is not in its place yet'),
  lastSeenAt: Timestamp.nullable(),
  /** When it enrolled. */
  createdAt: Timestamp,
  revokedAt: Timestamp.nullable(),
});
export type Agent = Readonly<z.infer<typeof Agent>>;

/** Body of `POST /api/v1/agents/{name}/drain` and `/resume`. */
export const AgentNote = z.strictObject({
  note: AgentDesired.shape.note.default(null).describe('why, for whoever looks later'),
});

/** An automation as the API shows it: the same name may stand in several forms, told apart by digest. */
export const Automation = AutomationSummary.extend({
  executor: ExecutorName,
  /** How many agents of the account offer this form of it. */
  agents: z.int().min(0),
  online: z.int().min(0),
});
export type Automation = Readonly<z.infer<typeof Automation>>;

/** Body of `POST /api/v1/agents/{name}/revoke`. */
export const AgentRevocation = AgentNote.extend({
  loseJobs: z
    .boolean()
    .default(false)
    .describe('call what runs on it `lost` at once; else the hub waits as for any agent that is silent'),
});
