import { z } from 'zod';
import { JsonObject } from './json.ts';
import { Name, Sha256, Timestamp } from './names.ts';

/** The largest facts of one probe, as JSON text in bytes: they travel as one event on the control channel. */
export const maxFactsBytes = 256 * 1024;

/** A place in facts: a JSON pointer (RFC 6901) in which `*` stands for every key and every item. */
export const FactsPointer = z
  .string()
  .max(256)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'expected a JSON pointer, such as /uptimeSeconds or /disks/*/usedBytes');

export const maxVolatile = 100;

function fits(facts: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(facts)) <= maxFactsBytes;
}

/** What a probe printed. */
const FactsObject = JsonObject.refine(fits, `expected at most ${maxFactsBytes} bytes of JSON`);

const FactsError = z.object({ message: z.string().max(2048), at: Timestamp });

/** Status of a `facts` resource (one for each probe of an agent, by its name): what the probe found when it last ran well. */
export const FactsReport = z.object({
  probe: Name,
  /** Of the probe's file as it was when it last ran. */
  digest: Sha256,
  /** Null when it did not run well since the agent's start: the hub keeps what it has. */
  facts: FactsObject.nullable(),
  collectedAt: Timestamp.nullable(),
  durationMs: z.int().min(0).nullable(),
  /** Places whose values are another each time: they make no change. */
  volatile: z.array(FactsPointer).max(maxVolatile),
  /** Why the newest run gave no facts; null when it did. */
  error: FactsError.nullable(),
});
export type FactsReport = Readonly<z.infer<typeof FactsReport>>;

/** The facts of one probe as the API shows them. */
export const Facts = z.object({
  probe: Name,
  digest: Sha256,
  /** Null before it ran well for the first time. */
  facts: JsonObject.nullable(),
  collectedAt: Timestamp.nullable(),
  /** When they became what they are, volatile values left aside. */
  changedAt: Timestamp.nullable(),
  durationMs: z.number().nullable(),
  error: FactsError.nullable(),
  /** The agent has no such probe any more: nothing new comes. */
  gone: z.boolean(),
});
export type Facts = Readonly<z.infer<typeof Facts>>;

/** The facts of one probe as they were after one change. */
export const FactsChange = z.object({
  /** 1 for the first facts of this probe, and one more with each change. */
  sequence: z.int().min(1),
  collectedAt: Timestamp,
  recordedAt: Timestamp,
  digest: Sha256,
  /** Keys of the top level that came, went or have another value; at the first facts all of them. */
  changed: z.array(z.string()),
  facts: JsonObject,
});
export type FactsChange = Readonly<z.infer<typeof FactsChange>>;
