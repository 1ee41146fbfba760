import { z } from 'zod';
import { JsonObject } from './json.ts';
import { Name, Timestamp } from './names.ts';

/** One line of the audit: who did what, to what, when, and from where. */
export const AuditEvent = z.object({
  id: z.string().describe('its place in the audit'),
  at: Timestamp,
  account: Name,
  actor: z.string().describe('`token:<id>`, `user:<issuer>/<subject>`, `agent:<id>`, `join-token:<id>` or `hub`'),
  action: z.string().describe('such as `token.created`, `agent.revoked`, `job.cancel-requested`'),
  object: z.string().describe('`job:<id>`, `agent:<id>`, `token:<id>`, `join-token:<id>` or `account:<name>`'),
  data: JsonObject.describe('what there is to say of it; of what was edited, `before` and `after`. Never a secret'),
  requestId: z.string().nullable().describe('of the request that asked for it; null where no call of the API did'),
  remote: z.string().nullable().describe('address of whoever asked, or of the agent'),
});
export type AuditEvent = Readonly<z.infer<typeof AuditEvent>>;
