import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { Store } from '../store/store.ts';
import type { Progress } from './progress-board.ts';

export interface SessionOptions {
  readonly store: Store;
  readonly logs: LogStore;
  /** Decrypts what `submit-job` stored. Throws when the key is another one. */
  readonly openSecrets: (jobId: string, sealed: Uint8Array) => Readonly<Record<string, string>>;
  /** The automation of that name as the agent offers it now. */
  readonly automation: (agentId: string, name: string) => AutomationSummary | undefined;
  /** The agent spoke until now, on a session. */
  readonly heard: (agentId: string) => void;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly logger: Logger;
}
