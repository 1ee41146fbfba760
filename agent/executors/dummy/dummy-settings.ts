import { z } from 'zod';
import { Started } from '../../../protocol/attempt-result.ts';
import { JsonObject } from '../../../protocol/json.ts';
import { platformCauses } from '../platform-cause.ts';

/** What a command of the dummy would have done, placeholders filled in. */
export const DummySettings = z.object({
  sleepSeconds: z.number().min(0).max(31_536_000).default(0),
  exitCode: z.int().min(0).max(255).default(0),
  /** Printed at once; then `lines` numbered lines and `bytes` of filler, evenly over the time. */
  print: z.string().default(''),
  lines: z.int().min(0).max(1_000_000_000).default(0),
  bytes: z
    .int()
    .min(0)
    .max(2 ** 50)
    .default(0),
  outputs: JsonObject.nullable().default(null),
  ignoreTerm: z.boolean().default(false),
  /** In the place of the exit code, a platform's word for it. */
  cause: z.enum(platformCauses).nullable().default(null),
  started: Started.default(true),
  retrySafe: z.boolean().default(false),
  failStart: z.enum(['environment', 'command']).nullable().default(null),
});
export type DummySettings = Readonly<z.infer<typeof DummySettings>>;
