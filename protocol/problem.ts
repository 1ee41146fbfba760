import { z } from 'zod';

/** Every `code` a problem of the API may carry, with its HTTP status and title. `docs/errors.md` says what to do about each. */
export const problems = {
  'token-missing': { status: 401, title: 'A token is needed' },
  'token-invalid': { status: 401, title: 'The token is not valid' },
  'agent-credential-invalid': { status: 401, title: "The agent's credential is not valid" },
  'join-token-invalid': { status: 401, title: 'The join token is not valid' },
  'client-certificate-needed': { status: 403, title: 'A client certificate is needed' },
  'client-certificate-invalid': { status: 403, title: 'The client certificate is not valid here' },
  'not-allowed': { status: 403, title: 'Not allowed' },
  'quota-exceeded': { status: 403, title: 'The account has as much as it may' },
  'labels-not-allowed': { status: 403, title: 'The join token does not allow these labels' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'job-ended': { status: 409, title: 'The job has ended' },
  'idempotency-conflict': { status: 409, title: 'The idempotency key was used for another request' },
  'name-taken': { status: 409, title: 'The name is taken' },
  'agent-in-use': { status: 409, title: 'The agent is in use' },
  'own-token': { status: 409, title: 'The token is the one that asks' },
  'log-removed': { status: 410, title: 'The log was removed' },
  'events-removed': { status: 410, title: 'The events were removed' },
  stale: { status: 412, title: 'It was changed meanwhile' },
  'too-large': { status: 413, title: 'Too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  'range-not-satisfiable': { status: 416, title: 'Range not satisfiable' },
  'json-invalid': { status: 400, title: 'Not JSON' },
  'query-invalid': { status: 400, title: 'Invalid query' },
  'cursor-invalid': { status: 400, title: 'Invalid cursor' },
  'tls-needed': { status: 400, title: 'This port speaks TLS' },
  'header-invalid': { status: 400, title: 'Invalid header' },
  'request-invalid': { status: 422, title: 'Invalid request' },
  'parameters-invalid': { status: 422, title: 'The parameters do not fit the automation' },
  'too-many': { status: 429, title: 'Too many requests' },
  'upgrade-required': { status: 426, title: 'A websocket upgrade is needed' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Not available now' },
} as const;

export type ProblemCode = keyof typeof problems;

export const ProblemCode = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);

/** RFC 9457 problem details, with a stable `code`. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: ProblemCode,
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  full: z
    .object({
      what: z.string(),
      limit: z.int(),
      key: z
        .string()
        .describe('the key of the configuration that sets it, or `quotas.…` where it was set for the account'),
    })
    .optional()
    .describe('of `too-many` and `quota-exceeded`: what had no room'),
  requestId: z.string().optional().describe('by which the log and the audit of the hub name the request'),
});
export type Problem = Readonly<z.infer<typeof Problem>>;
