import { z } from 'zod';
import { Id, Name, Sha256 } from './names.ts';
import { createOpenEnum } from './open-enum.ts';

/** Spec of a `jobs` resource (one for each attempt): the hub's offer, and later its wish. */
export const Offer = z.object({
  job: Id,
  attempt: Id,
  automation: Name,
  digest: Sha256.nullable(),
  desired: z.enum(['run', 'cancel']),
  /** The hub committed to sending the document: from here on only the folder that got it may run it. */
  documentSent: z.boolean(),
  /** How long the offer stands, in seconds from its arrival. */
  allowedSeconds: z.number().positive(),
});
export type Offer = Readonly<z.infer<typeof Offer>>;

/** `state-lost` ends the attempt; any other means "offer it elsewhere". */
export const declineReasons = [
  'state-lost',
  'no-slot',
  'unknown-automation',
  'draining',
  'store-changed',
  'spool-full',
  'automation-busy',
  'pressure',
  'executor-unavailable',
  'failed',
] as const;
export type DeclineReason = (typeof declineReasons)[number];

const phases = ['accepted', 'declined', 'running', 'holding-result'] as const;

/** Status of a `jobs` resource: how it goes. It never ends a job; only the session's `result` does, or `declined: state-lost`. */
export const AttemptReport = z.object({
  /** Whatever a later agent calls it, it has the attempt: `startedAt` says whether it runs. */
  phase: createOpenEnum(phases, 'accepted'),
  reason: createOpenEnum(declineReasons, 'failed').nullable(),
  message: z.string().max(1024).nullable(),
  startedAt: z.iso.datetime().nullable(),
  rawBytes: z.int().min(0).nullable(),
});
export type AttemptReport = Readonly<z.infer<typeof AttemptReport>>;
