import type { Secrets } from '../../protocol/job-document.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LoopBoard } from '../../runtime/loop-board.ts';
import type { Tickets } from '../identity/tickets.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { SessionCounts } from '../metrics/session-counts.ts';
import type { HoldReason } from '../scheduler/offer-hold.ts';
import type { AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { ProgressBoard } from './progress-board.ts';

export interface SessionOptions {
  readonly store: Store;
  readonly logs: LogStore;
  /** Decrypts what `submit-job` stored. Throws `IdentityError` when the key is another one. */
  readonly openSecrets: (jobId: string, sealed: Uint8Array) => Secrets;
  /** Whether the form of the automation that the attempt runs may be run again when nobody knows whether it ran. */
  readonly isRetrySafe: (attempt: AttemptRecord) => boolean;
  /** Whether the agent was revoked since it was admitted. */
  readonly isGone: (agentId: string) => boolean;
  /** Why nothing of an agent of this account may begin: the store may be an older copy, and know less than was done. Null when it may. */
  readonly whyHeld: (account: string) => HoldReason | null;
  /** The agent spoke until now, on a session. */
  readonly heard: (agentId: string) => void;
  readonly progress: ProgressBoard;
  /** What agents get that hand an attempt over. */
  readonly tickets: Pick<Tickets, 'issue'>;
  readonly counts: Pick<SessionCounts, 'ended'>;
  readonly loops: LoopBoard;
  readonly clock: Clock;
  readonly logger: Logger;
}
