import { z } from 'zod';
import { Labels } from './labels.ts';
import { Id, Name } from './names.ts';

/**
 * Body of `POST /v1/enrol`; the join token is the bearer token of the request. Not strict like bodies that people write: a later
 * agent may say more.
 */
export const EnrolmentRequest = z.object({
  name: Name,
  /** Labels the agent claims; the join token says which it may. */
  labels: Labels,
  /** Ed25519, SPKI, base64. */
  publicKey: z
    .string()
    .max(256)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'expected base64'),
});
export type EnrolmentRequest = Readonly<z.infer<typeof EnrolmentRequest>>;

export const EnrolmentAnswer = z.object({ id: Id, name: Name, account: Name });
export type EnrolmentAnswer = Readonly<z.infer<typeof EnrolmentAnswer>>;
