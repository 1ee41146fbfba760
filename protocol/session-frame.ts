import { z } from 'zod';
import { AttemptResult } from './attempt-result.ts';
import { JobDocument, Secrets } from './job-document.ts';
import { ByteCount, Id } from './names.ts';
import { createOpenEnum } from './open-enum.ts';
import { Progress } from './progress.ts';
import { StorePlace } from './seen-store.ts';

/** How far the agent's folder is: the newest thing that is durable in it. */
export const Have = z.enum(['claimed', 'document', 'started', 'ended']);
export type Have = z.infer<typeof Have>;

/** First frame of every session. */
export const OpenFrame = z.object({
  type: z.literal('open'),
  attempt: Id,
  /** Epoch of the agent's lease, then its own count of opens of this attempt: together they order sessions. */
  leaseEpoch: z.int().min(0),
  opens: z.int().min(1),
  folderId: Id,
  have: Have,
  rawBytes: ByteCount,
  needsDocument: z.boolean(),
  needsSecrets: z.boolean(),
  /** An agent that asks for a ticket: a runner will open the sessions of this attempt. Any other `open` of the agent takes it back. */
  handsOver: z.boolean().optional(),
  /** With it: how many seconds may pass before that runner comes. The hub gives less where that is too long, and an hour where nothing is said. */
  ticketSeconds: z.int().min(1).max(31_536_000).optional(),
});
export type OpenFrame = Readonly<z.infer<typeof OpenFrame>>;

/** A piece of the stream. On a wire with binary messages it travels without JSON. */
export interface LogFrame {
  readonly type: 'log';
  /** Offset of the first byte in the stream. */
  readonly offset: number;
  /** Milliseconds since 1970 at which the first byte was seen. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** The newest one counts. Sent again at the beginning of each session. */
const ProgressFrame = Progress.extend({ type: z.literal('progress') });

const ResultFrame = z.object({ type: z.literal('result'), result: AttemptResult });

/** Agent to hub, without the log. */
export const AgentTextFrame = z.discriminatedUnion('type', [OpenFrame, ProgressFrame, ResultFrame]);
export type AgentTextFrame = Readonly<z.infer<typeof AgentTextFrame>>;

export type AgentFrame = AgentTextFrame | LogFrame;

export const JobFrame = z.object({
  type: z.literal('job'),
  /** Bytes of the stream that the hub has durably. */
  offset: ByteCount,
  desired: z.enum(['run', 'cancel']),
  document: JobDocument.nullable(),
  secrets: Secrets.nullable(),
  /** The secrets were asked for and no longer exist. */
  secretsGone: z.boolean(),
  /** How far the hub's store is, at least: all that this frame tells is in it. Null: of a version that does not say. */
  store: StorePlace.nullable().default(null),
  /** To an agent whose attempt is handed over, or was; left out otherwise, and by hubs of versions that know of no runners. */
  handover: z
    .object({
      /** What a runner opens its sessions with; null where none may come any more. */
      ticket: z.string().min(1).max(4096).nullable(),
      /** A runner got the document. False, once the agent took the attempt back: nothing ever ran, and nothing will. */
      runnerCame: z.boolean(),
    })
    .optional(),
});
export type JobFrame = Readonly<z.infer<typeof JobFrame>>;

export const sessionErrorCodes = [
  'session-replaced',
  'attempt-withdrawn',
  'unknown-attempt',
  'wrong-agent',
  'too-large',
  'invalid-frame',
  'overloaded',
] as const;
export type SessionErrorCode = (typeof sessionErrorCodes)[number];

/** Hub to agent. */
export const HubFrame = z.discriminatedUnion('type', [
  JobFrame,
  z.object({ type: z.literal('ack'), offset: ByteCount }),
  z.object({ type: z.literal('rewind'), offset: ByteCount }),
  z.object({ type: z.literal('accepted') }),
  z.object({
    type: z.literal('error'),
    /** One that only a later hub knows is taken for the code that asks for patience. */
    code: createOpenEnum(sessionErrorCodes, 'invalid-frame'),
    message: z.string().max(4096),
    retryAfterMs: z.int().min(0).nullable(),
  }),
]);
export type HubFrame = Readonly<z.infer<typeof HubFrame>>;

/** The largest piece of the stream in one `log` frame. */
export const maxLogFrameBytes = 256 * 1024;
