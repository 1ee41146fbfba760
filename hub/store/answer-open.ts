import type { JobState } from '../../protocol/job-state.ts';
import type { Have } from '../../protocol/session-frame.ts';
import type { AttemptState, SessionEpoch } from './records.ts';
import { compareSessions } from './session-order.ts';

export interface OpenedAttempt {
  readonly agentId: string;
  readonly state: AttemptState;
  readonly ordinal: number;
  readonly folderId: string | null;
  readonly documentSentAt: number | null;
  readonly sessionEpoch: SessionEpoch | null;
}

export interface OpenedJob {
  readonly state: JobState;
  readonly cancelRequested: boolean;
  /** Ordinal of the newest offer. */
  readonly newestOrdinal: number;
  /** Ordinal of the newest attempt that got its document; 0 when none did. */
  readonly documentOrdinal: number;
  /** The correction window is over: the document is not sent again. */
  readonly wiped: boolean;
}

export interface Open {
  readonly agentId: string;
  readonly folderId: string;
  readonly have: Have;
  readonly epoch: SessionEpoch;
}

export type OpenRow =
  | { readonly type: 'wrong-agent' | 'replaced' | 'accepted' | 'withdrawn' }
  /** Another folder than the one that got the document: the attempt is `state-lost`, and answered as withdrawn. */
  | { readonly type: 'state-lost' }
  | {
      readonly type: 'job';
      readonly desired: 'run' | 'cancel';
      /** Whether the row allows the document to be sent. */
      readonly document: boolean;
      /** `documentSentAt` and `folderId` are committed before anything is sent. */
      readonly commits: boolean;
    };

/** A newer attempt may run in its place: this one may end, but must not start any more. */
export function isGivenUp(attempt: Pick<OpenedAttempt, 'state' | 'ordinal'>, job: OpenedJob): boolean {
  if (attempt.state !== 'agent-lost') return false;
  return job.state === 'queued' || job.state === 'offered' || job.newestOrdinal > attempt.ordinal;
}

/** The table of answers to `open`: `docs/attempts.md` §3. Decides, changes nothing. */
export function answerOpen(attempt: OpenedAttempt, job: OpenedJob, open: Open): OpenRow {
  if (attempt.agentId !== open.agentId) return { type: 'wrong-agent' };
  if (attempt.sessionEpoch !== null && compareSessions(open.epoch, attempt.sessionEpoch) < 0) {
    return { type: 'replaced' };
  }
  if (attempt.state === 'ended') return { type: 'accepted' };
  if (attempt.state === 'withdrawn' || attempt.state === 'state-lost') return { type: 'withdrawn' };

  const claimed = open.have === 'claimed';
  const desired = job.cancelRequested || job.documentOrdinal > attempt.ordinal ? 'cancel' : 'run';
  if (attempt.documentSentAt === null) {
    return { type: 'job', desired, document: claimed && desired === 'run', commits: true };
  }
  // A restore supposed that the document was sent, and could not know to which folder: it is the agent's own.
  if (attempt.folderId !== null && attempt.folderId !== open.folderId) return { type: 'state-lost' };
  if (!claimed) return { type: 'job', desired, document: false, commits: false };
  const starts = desired === 'run' && !isGivenUp(attempt, job) && !job.wiped;
  return { type: 'job', desired: starts ? 'run' : 'cancel', document: starts, commits: false };
}
