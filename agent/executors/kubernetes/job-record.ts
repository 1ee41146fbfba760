import { z } from 'zod';
import { Gap, Started } from '../../../protocol/attempt-result.ts';
import { ByteCount } from '../../../protocol/names.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import { type RecordFile, recordFile } from '../../record-file.ts';
import { WholeLog } from '../../runner/runner-words.ts';
import { platformCauses } from '../platform-cause.ts';

const Facts = { marked: z.boolean(), at: z.number().nullable(), log: WholeLog.optional() };

const PlatformEnd = z.object({
  type: z.literal('platform'),
  cause: z.enum(platformCauses),
  started: Started,
  retrySafe: z.boolean(),
  message: z.string(),
  status: z.int().nullable(),
});

const End = z.discriminatedUnion('type', [
  z.object({ type: z.literal('exit'), status: z.int(), ...Facts }),
  PlatformEnd.extend(Facts),
]);

/**
 * `kubernetes.json` in an attempt's folder: what this agent did in the cluster for it, written before it does it.
 *
 * - `making`: a suspended Job may be there; nothing of the command can have begun
 * - `fenced`: nothing of it ever will
 * - `let-go`: written durably before the Job is let go: from here on the command counts as started until the cluster proves it did not
 * - `ended`: how, and what is missing in its log. It stands
 */
export const JobRecord = z.object({
  phase: z.enum(['making', 'fenced', 'let-go', 'ended']),
  /** Random: tells this folder's Job from one of another folder of the same attempt. */
  place: z.string(),
  namespace: z.string(),
  name: z.string(),
  digest: z.string(),
  /** Null until the Job is known to be there. */
  uid: z.string().nullable(),
  /** Wall time of letting it go. */
  letGoAt: z.number().nullable(),
  /** Where the command's part of `raw` begins, and how long it may be. */
  base: ByteCount,
  limitBytes: ByteCount.nullable(),
  graceSeconds: z.number(),
  pendingMs: z.number(),
  imageMs: z.number(),
  /** The command was seen at work; when it began, by the node's clock, where the node says so. */
  sawRunning: z.boolean(),
  startedAt: z.number().nullable(),
  /** A stop was sent to the cluster before the command was seen to have ended. */
  isStopped: z.boolean(),
  /** Why it was given up, written before its pod is deleted for that: whoever comes after must not take that for somebody else's doing. */
  givenUp: PlatformEnd.optional(),
  end: End.nullable(),
  /** Offsets are in `raw`. */
  gaps: z.array(Gap),
  /** A runner is in the pod: the log is its own, and the end is what the wrapper left as last words. Left out: no. */
  hasRunner: z.boolean().optional(),
});
export type JobRecord = Readonly<z.infer<typeof JobRecord>>;

export function jobRecordFile(fs: FileSystem, folder: string): RecordFile<JobRecord> {
  return recordFile(fs, `${folder}/kubernetes.json`, JobRecord);
}

const Time = z.object({ second: z.number(), nanos: z.number() });

/** `log-position.json`: how far the log was read. What it says is compared with what is stored. */
const LogPosition = z.object({
  mark: z.object({ second: z.number().nullable(), offset: ByteCount, time: Time.nullable().default(null) }),
  firstTime: Time.nullable(),
  lastTime: Time.nullable(),
  isWhole: z.boolean(),
  /** Records of earlier versions say nothing of it. */
  beginning: z.object({ seenUntil: z.number().nullable(), isMissed: z.boolean() }).optional(),
  doubts: z
    .object({
      file: Time.nullable(),
      sureUntil: ByteCount,
      noted: z.array(z.object({ at: ByteCount, until: ByteCount })),
      open: z.object({ at: ByteCount, after: Time.nullable() }).nullable(),
    })
    .optional(),
});
export type LogPosition = Readonly<z.infer<typeof LogPosition>>;

export function logPositionFile(fs: FileSystem, folder: string): RecordFile<LogPosition> {
  return recordFile(fs, `${folder}/log-position.json`, LogPosition);
}
