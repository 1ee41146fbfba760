import { z } from 'zod';
import { JsonObject } from './json.ts';
import { Name, Sha256 } from './names.ts';

/** What an agent tells of an automation it offers. */
export const AutomationSummary = z.object({
  name: Name,
  kind: z.string().max(64),
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
