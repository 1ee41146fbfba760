import { z } from 'zod';
import { Gap, Started } from './attempt-result.ts';
import { Cause, causeNames, causes } from './cause.ts';
import { createDictionary } from './dictionary.ts';
import { JobState } from './job-state.ts';
import { JsonObject } from './json.ts';
import { SelectorText } from './label-selector.ts';
import { Labels } from './labels.ts';
import { ByteCount, Id, Name, ParameterName, Sha256, Timestamp, TraceId } from './names.ts';
import { Progress } from './progress.ts';

/** The longest secret, in bytes: an environment variable must hold it (Linux: 128 KiB with its name). */
const maxSecretBytes = 120 * 1024;

const retryable = causeNames.filter((cause) => causes[cause].retryable);

const SecretValue = z
  .string()
  .refine((value) => Buffer.byteLength(value) <= maxSecretBytes, `a secret holds at most ${maxSecretBytes} bytes`)
  .regex(/^[^\0]*$/, 'a secret holds no NUL: an environment variable cannot carry it');

/** Body of `POST /api/v1/jobs`. */
export const JobRequest = z.strictObject({
  automation: Name,
  parameters: JsonObject.default({}),
  secrets: createDictionary(ParameterName, SecretValue).default({}),
  selector: SelectorText.default(''),
  priority: z.int().min(-1000).max(1000).default(0),
  timeoutSeconds: z.number().positive().max(31_536_000).nullable().default(null),
  expiresInSeconds: z.number().positive().max(31_536_000).nullable().default(null),
  retry: z
    .strictObject({
      limit: z.int().min(0).max(100).default(0),
      on: z.array(z.enum(retryable as [string, ...string[]])).default([]),
    })
    .default({ limit: 0, on: [] }),
  labels: Labels.default({}),
});
export type JobRequest = Readonly<z.infer<typeof JobRequest>>;

/** Body of `POST /api/v1/jobs/{id}/rerun`. */
export const RerunRequest = z.strictObject({
  secrets: JobRequest.shape.secrets.describe('all that the job had: they are not kept'),
});

/** Why an agent cannot take a queued job. */
export const waitingReasons = [
  'offline',
  'labels',
  'automation',
  'parameters',
  'slots',
  'automation-busy',
  'draining',
  'store-changed',
  'pressure',
  'declined',
  'quota',
  'hub-starting',
  'store-behind',
] as const;
export type WaitingReason = (typeof waitingReasons)[number];

export const Waiting = z.object({
  agent: Name,
  reason: z.enum(waitingReasons),
  message: z.string().optional().describe('of `pressure`: what the agent measured, and its limit'),
});
export type Waiting = Readonly<z.infer<typeof Waiting>>;

/** `no-agent` stands alone and counts none: the account has no agent that could lack something. */
export const WaitingReasonCount = z.object({
  reason: z.enum([...waitingReasons, 'no-agent']),
  agents: z.int().min(0),
});
export type WaitingReasonCount = Readonly<z.infer<typeof WaitingReasonCount>>;

/** What the hub has of a log. Digest, completeness and gaps are known once the attempt has a result. */
export const JobLog = z.object({
  bytes: ByteCount,
  sha256: Sha256.nullable(),
  complete: z.boolean().nullable(),
  gaps: z.array(Gap),
  /** Bytes that came after the log was sealed; they are not in it. */
  trailing: ByteCount,
  /** When the hub removed the bytes, as it was told to keep no more; the rest of what is said of them stays. */
  removedAt: Timestamp.nullable(),
});

/** A job as the API shows it. What is not known yet is null. */
export const Job = z.object({
  id: Id,
  account: Name,
  automation: Name,
  parameters: JsonObject,
  selector: z.string(),
  priority: z.int(),
  labels: Labels,
  timeoutSeconds: z.number().nullable(),
  state: JobState,
  agent: Name.nullable(),
  attempt: z.int().nullable(),
  cause: Cause.nullable(),
  message: z.string().nullable(),
  started: Started.nullable(),
  retrySafe: z.boolean().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  outputs: JsonObject.nullable(),
  log: JobLog.nullable(),
  /** The first of those that do not take it, the nearest to taking it first. */
  waiting: z.array(Waiting),
  /** All of them, in the same order. */
  waitingReasons: z.array(WaitingReasonCount),
  progress: Progress.nullable(),
  cancelRequested: z.boolean(),
  /** Of the trace that the job is part of, in W3C trace context. Null for jobs of earlier versions. */
  traceId: TraceId.nullable(),
  createdAt: Timestamp,
  startedAt: Timestamp.nullable(),
  finishedAt: Timestamp.nullable(),
});
export type Job = Readonly<z.infer<typeof Job>>;
