import { z } from 'zod';
import { causeNames } from './cause.ts';
import { JsonObject } from './json.ts';
import { ByteCount, Sha256, Timestamp } from './names.ts';
import { createOpenEnum } from './open-enum.ts';

/** `unknown`: a later agent said why, in a word that is not on this list. */
const gapReasons = [
  'log-limit',
  'spool-full',
  'power-loss',
  'secrets-gone',
  'sink-died',
  'runner-gone',
  'hub-mismatch',
  'output-lost',
  'unknown',
] as const;

/** Bytes that are missing from a stream. `bytes` is null where nobody can know how many. */
export const Gap = z.object({
  /** Offset in the stream at which they are missing. */
  at: ByteCount,
  /** Where the place is not known to the byte: they are missing at one place or more from `at` on, at this offset at the latest. */
  until: ByteCount.optional(),
  bytes: ByteCount.nullable(),
  why: z.enum(gapReasons),
});
export type Gap = Readonly<z.infer<typeof Gap>>;

const ReportedGap = Gap.extend({ why: createOpenEnum(gapReasons, 'unknown') });

/** What the agent says of the stream it sealed. */
export const LogSummary = z.object({
  /** Length of the whole stream, gaps not counted. */
  bytes: ByteCount,
  /** SHA-256 of the whole stream. */
  sha256: Sha256,
  complete: z.boolean(),
  gaps: z.array(ReportedGap).max(1000),
  /** Bytes that came after the seal, so they are not in the stream. */
  trailing: ByteCount,
});
export type LogSummary = Readonly<z.infer<typeof LogSummary>>;

/**
 * How an attempt ended.
 *
 * - `never-started`: proved that the command never ran and never will, for a reason of the agent's machine: the hub may queue the job again
 * - `lost`: it ran, or may have, and nobody can say how it ended
 */
export const outcomes = ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost', 'never-started'] as const;
export type Outcome = (typeof outcomes)[number];

export const Started = z.union([z.boolean(), z.literal('unknown')]);
export type Started = z.infer<typeof Started>;

/** Content of `result.json` and of the `result` frame: written once, sent as often as it takes. */
export const AttemptResult = z.object({
  outcome: z.enum(outcomes),
  cause: createOpenEnum(causeNames, 'unknown'),
  /** One sentence for a person. */
  message: z.string().max(4096),
  started: Started,
  exitCode: z.int().min(0).max(255).nullable(),
  /** Such as `SIGKILL`. After an adoption it is read from the shell's convention 128 + n. */
  signal: z.string().max(32).nullable(),
  outputs: JsonObject.nullable(),
  log: LogSummary,
  /** Processes of the job that outlived every attempt to stop them. */
  escaped: z.int().min(0),
  startedAt: Timestamp.nullable(),
  endedAt: Timestamp,
  usage: z.object({ wallMs: z.number().min(0) }).nullable(),
});
export type AttemptResult = Readonly<z.infer<typeof AttemptResult>>;
