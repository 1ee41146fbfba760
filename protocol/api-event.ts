import { z } from 'zod';
import { JsonObject } from './json.ts';
import { Timestamp } from './names.ts';

/** `data` of a server-sent event: one line of the audit. The event's `id` is its place there, its name is `action`. */
export const ApiEvent = z.object({
  at: Timestamp,
  actor: z.string().describe('`token:<id>`, `user:<issuer>/<subject>`, `agent:<id>`, `join-token:<id>` or `hub`'),
  action: z.string().describe('such as `job.queued`, `job.succeeded`, `agent.online`'),
  object: z.string().describe('`job:<id>` or `agent:<id>`'),
  data: JsonObject,
});
export type ApiEvent = Readonly<z.infer<typeof ApiEvent>>;
