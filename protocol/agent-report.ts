import { z } from 'zod';
import { ReportedAdmission } from './admission.ts';
import { AutomationSummary } from './automation-summary.ts';
import { ClusterReport } from './cluster.ts';
import { Labels } from './labels.ts';
import { createOpenEnum } from './open-enum.ts';

const ShortText = z.string().max(256);

const healthStates = ['ok', 'degraded', 'draining', 'store-changed'] as const;

/** How an agent is, by its own word. */
export const AgentHealth = z.object({
  state: z.enum(healthStates),
  /** One sentence each: what is wrong and what to do. */
  problems: z.array(z.string().max(1024)).max(100),
});

/** Status of an `agents` resource: what the agent says of itself. */
export const AgentReport = z.object({
  labels: Labels,
  version: ShortText,
  /** Of this process: changes with every start. */
  bootId: ShortText,
  platform: z.object({ os: ShortText, arch: ShortText, release: ShortText, hostname: ShortText, node: ShortText }),
  transport: ShortText,
  /** Where workers may open sessions; null when it does not listen. */
  sessionAddress: ShortText.nullable(),
  slots: z.object({ total: z.int().min(0), used: z.int().min(0) }),
  automations: z.array(AutomationSummary).max(1000),
  health: AgentHealth.extend({ state: createOpenEnum(healthStates, 'degraded') }),
  /** As it was when it last changed by as much as is worth telling: not each time it was measured. */
  loopLagMs: z.number().min(0),
  /** Null: the agent is of a version that takes jobs under any pressure. */
  admission: ReportedAdmission.nullable().default(null),
  /** The key that it signs with, and the one that is to take its place. Null: the agent is of a version that keeps its key for ever. */
  key: z
    .object({
      fingerprint: ShortText,
      /** With a signature by itself (`toKeyProofText`), base64. */
      next: z.object({ publicKey: ShortText, proof: ShortText }).nullable(),
    })
    .nullable()
    .default(null),
  /** Those that it watches. Their nodes and apps are resources of their own. */
  clusters: z.array(ClusterReport).max(16).default([]),
});
export type AgentReport = Readonly<z.infer<typeof AgentReport>>;

/** Spec of an `agents` resource: what the hub wants of the agent. */
export const AgentDesired = z.object({
  schedulable: z.boolean(),
  drain: z.boolean(),
  note: z.string().max(1024).nullable(),
  /** Another key is to take the place of the one with the fingerprint `old`. `accepted`: of the one that the hub takes beside it. */
  replaceKey: z.object({ old: ShortText, accepted: ShortText.nullable() }).nullable().default(null),
});
export type AgentDesired = Readonly<z.infer<typeof AgentDesired>>;
