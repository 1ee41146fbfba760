import { z } from 'zod';
import { AttemptResult } from '../../protocol/attempt-result.ts';
import { JobDocument } from '../../protocol/job-document.ts';
import { JsonObject } from '../../protocol/json.ts';
import { ByteCount, Id, Name, Sha256, Timestamp } from '../../protocol/names.ts';
import { StorePlace } from '../../protocol/seen-store.ts';
import { HookPlan } from '../automations/hook.ts';
import { JobUser } from '../automations/job-user.ts';
import { processKind } from '../executors/process/process-kind.ts';

/** `claim.json`: durable before the attempt's first `open`. */
export const ClaimRecord = z.object({
  attempt: Id,
  /** Random: tells this folder from one of the same name that was lost. */
  folderId: Id,
  job: Id,
  automation: Name,
  digest: Sha256.nullable(),
  claimedAt: Timestamp,
  /** Claims of earlier versions say nothing of it. */
  traceparent: z.string().max(64).nullable().default(null),
});
export type ClaimRecord = Readonly<z.infer<typeof ClaimRecord>>;

/**
 * What the automation said when the document came. Kept with the document, because the agent that ends the attempt may be
 * another process with another catalog.
 */
export const RunTerms = z.object({
  /** The smaller of the automation's and the job's. Counted from the spawn; where a command may wait for a place to run, from its start. */
  timeoutMs: z.number().positive().nullable(),
  logLimitBytes: ByteCount.nullable(),
  /** What happens at the limit: the job is stopped, or what comes beyond is dropped and counted. */
  logOver: z.enum(['fail', 'gap']).default('fail'),
  /** Between TERM and KILL; null leaves it to the agent. */
  graceMs: z.number().min(0).nullable(),
  /** JSON Schema of the outputs; null takes any object. */
  outputs: JsonObject.nullable(),
  /** The automation's: it says how the files that the command leaves are read. Records of earlier versions have kinds that leave that to the program. */
  kind: z.string().default('command'),
  /** Who runs the command. Records of earlier versions name nobody: there was one. */
  executor: z.string().default(processKind.name),
  /** Who the command runs as; null for the agent's own user. */
  user: JobUser.nullable().default(null),
  /** What to run when the command was started and has ended. */
  after: HookPlan.nullable().default(null),
});
export type RunTerms = Readonly<z.infer<typeof RunTerms>>;

/** `document.json`: durable before the spawn. Holds no secret. */
export const DocumentRecord = z.object({
  /** Of the machine: what was not flushed in another boot proves nothing. */
  machineBootId: z.string().min(1).max(256),
  document: JobDocument,
  terms: RunTerms,
  /** How far the hub's store was when it gave the document: known on this disk before anything runs. Null: the hub did not say. */
  store: StorePlace.nullable().default(null),
  /** A runner may have come: no session is opened before all that it could live in is gone, and then to take the attempt back. Left out: no. */
  handedOver: z.boolean().optional(),
});
export type DocumentRecord = Readonly<z.infer<typeof DocumentRecord>>;

export const intentCauses = ['cancelled', 'timeout', 'log-limit', 'spool-full'] as const;

/** `intent.json`: durable before the first signal. The first one stands. */
export const IntentRecord = z.object({ cause: z.enum(intentCauses), at: Timestamp });
export type IntentRecord = Readonly<z.infer<typeof IntentRecord>>;
export type IntentCause = IntentRecord['cause'];

/** `after.json`: durable before the `after` hook is started, so that it never runs twice. */
export const AfterRecord = z.object({
  /** Of the machine: a hook that was started in another boot is never started again. */
  machineBootId: z.string().min(1).max(256),
  /** Length of `raw` when the command's part of it ended. */
  rawBytes: ByteCount,
  at: Timestamp,
});
export type AfterRecord = Readonly<z.infer<typeof AfterRecord>>;

/** `result.json`: whole before it is sent, durable when the hub does not take it at once. */
export const ResultRecord = z.object({
  result: AttemptResult,
  /** Length of `raw` at the seal: bytes behind it are not in the stream. */
  rawBytes: ByteCount,
});
export type ResultRecord = Readonly<z.infer<typeof ResultRecord>>;
