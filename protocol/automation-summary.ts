import { z } from 'zod';
import { JsonObject } from './json.ts';
import { Name, Sha256 } from './names.ts';

/** Where jobs run: `process`, `kubernetes` … Null: the agent is of a version that does not say. */
export const ExecutorName = z.string().max(64).nullable();

/** What an agent tells of an automation it offers. */
export const AutomationSummary = z.object({
  name: Name,
  kind: z.string().max(64),
  executor: ExecutorName.default(null),
  /** Of the automation's file in canonical form: the same name with another digest is another automation. */
  digest: Sha256,
  description: z.string().max(1024).nullable(),
  /** JSON Schema (2020-12) of the parameters; null takes any object. */
  parameters: JsonObject.nullable(),
  outputs: JsonObject.nullable(),
  timeoutSeconds: z.number().positive().nullable(),
  retrySafe: z.boolean(),
  maxConcurrent: z.int().positive().nullable(),
});
export type AutomationSummary = Readonly<z.infer<typeof AutomationSummary>>;
