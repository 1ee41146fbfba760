import type { Have } from '../../protocol/session-frame.ts';
import { isGivenUp, type OpenedAttempt, type OpenedJob, type OpenRow } from './answer-open.ts';
import type { Handover, SessionEpoch } from './records.ts';
import { compareSessions } from './session-order.ts';

export interface RunnerOpen {
  /** The agent's folder that the ticket was made for. */
  readonly agentFolderId: string;
  /** The ticket is one of this very store, and not of the one that this is a copy of. */
  readonly isOwnTicket: boolean;
  readonly folderId: string;
  readonly have: Have;
  readonly epoch: SessionEpoch;
}

/**
 * The table of answers to a runner's `open`: `docs/attempts.md` §7. Decides, changes nothing. One that says that it has the document is
 * believed also by a store that was put back and knows of no runner; one that has none is not, for another may run.
 */
export function answerRunner(
  attempt: Omit<OpenedAttempt, 'agentId' | 'sessionEpoch'> & { readonly handover: Handover | null },
  job: OpenedJob,
  open: RunnerOpen,
): OpenRow {
  const { handover } = attempt;
  const runner = handover?.runner ?? null;
  if (attempt.state === 'ended') return { type: 'accepted' };
  if (attempt.state === 'withdrawn' || attempt.state === 'state-lost') return { type: 'withdrawn' };
  if (handover?.state === 'taken-back') return { type: 'withdrawn' };
  if (attempt.folderId !== null && attempt.folderId !== open.agentFolderId) return { type: 'withdrawn' };
  if (runner !== null && runner.folderId !== open.folderId) return { type: 'withdrawn' };
  if (runner !== null && compareSessions(open.epoch, runner.session) < 0) return { type: 'replaced' };

  const claimed = open.have === 'claimed';
  if (runner === null && claimed && (handover === null || !open.isOwnTicket)) return { type: 'withdrawn' };
  const commits = attempt.documentSentAt === null;
  const desired = job.cancelRequested || job.documentOrdinal > attempt.ordinal ? 'cancel' : 'run';
  if (!claimed) return { type: 'job', desired, document: false, commits };
  const starts = desired === 'run' && !isGivenUp(attempt, job) && !job.wiped;
  return { type: 'job', desired: starts ? 'run' : 'cancel', document: starts, commits };
}
