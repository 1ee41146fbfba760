import { z } from 'zod';
import { createDictionary } from './dictionary.ts';
import { JsonObject } from './json.ts';
import { Id, Name, ParameterName, Sha256 } from './names.ts';
import { maxTracestateLength } from './tracestate.ts';

/**
 * What an attempt is to do. Travels in the session only and is kept as `document.json`, so it never holds a secret, only
 * their names.
 */
export const JobDocument = z.object({
  job: Id,
  attempt: Id,
  /** 1, 2 …: how many attempts of this job got their document, this one included. */
  number: z.int().min(1),
  account: Name,
  automation: Name,
  /** Digest of the automation that the hub validated against; null when none was known. */
  digest: Sha256.nullable(),
  parameters: JsonObject,
  secretNames: z.array(ParameterName).max(100),
  /** The job's own wish; the automation's limit holds all the same. */
  timeoutSeconds: z.number().positive().nullable(),
  /** Where in a trace its program is: below the attempt's span. */
  traceparent: z.string().max(64).nullable(),
  /** Documents of earlier versions have none. */
  tracestate: z.string().max(maxTracestateLength).nullable().default(null),
});
export type JobDocument = Readonly<z.infer<typeof JobDocument>>;

/** Secret values by name. Lives in memory and in the job's environment, nowhere else. */
export const Secrets = createDictionary(ParameterName, z.string());
export type Secrets = Readonly<Record<string, string>>;
