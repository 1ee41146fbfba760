import { z } from 'zod';
import { AgentDesired, AgentReport } from './agent-report.ts';
import { AutomationSummary } from './automation-summary.ts';
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
  health: AgentReport.shape.health.nullable(),
  schedulable: z.boolean(),
  /** Why it is drained, as somebody wrote it. */
  note: AgentDesired.shape.note,
  loopLagMs: z.number().nullable(),
  lastSeenAt: Timestamp.nullable(),
  createdAt: Timestamp,
});
export type Agent = Readonly<z.infer<typeof Agent>>;

/** An automation as the API shows it: the same name may stand in several forms, told apart by digest. */
export const Automation = AutomationSummary.extend({
  /** How many agents of the account offer this form of it. */
  agents: z.int().min(0),
  online: z.int().min(0),
});
export type Automation = Readonly<z.infer<typeof Automation>>;
