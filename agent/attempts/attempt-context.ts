import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import type { Credential } from '../../transports/credential.ts';
import type { Catalog } from '../automations/catalog.ts';
import type { DataFolder } from '../data-folder.ts';
import type { Executors } from '../executors/executors.ts';
import type { JobLog } from '../job-log/job-log.ts';
import type { WatchFolder } from './raw-watch.ts';
import type { SessionGate } from './session-gate.ts';
import type { SessionLimits } from './session-loop.ts';
import type { Spool } from './spool.ts';
import type { Tombstones } from './tombstones.ts';

export interface AttemptLimits {
  /** Between TERM and KILL, where the automation does not say. */
  readonly graceMs: number;
  /** The same for what a program left running when it ended. */
  readonly leftoverGraceMs: number;
  /** After this from the first signal, what is still alive is counted as escaped. */
  readonly boundMs: number;
  /** A running job's output is looked at this often, even if nothing tells of growth. */
  readonly pollMs: number;
  /** A step that failed (a broken disk) is tried again after this. */
  readonly retryMs: number;
  readonly session: SessionLimits;
}

/** What all attempts of an agent share. */
export interface AttemptContext {
  readonly fs: FileSystem;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Of the machine: another one after every restart of it. */
  readonly machineBootId: string;
  readonly executors: Executors;
  readonly catalog: Catalog;
  readonly agent: () => { readonly name: string; readonly labels: Labels };
  /** What jobs may inherit from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly spool: Spool;
  readonly tombstones: Tombstones;
  readonly watchFolder: WatchFolder;
  readonly sessions: {
    readonly credential: Credential;
    readonly gate: SessionGate;
  };
  /** Where lines of jobs go besides the hub; null: nowhere. */
  readonly jobLog: JobLog | null;
  readonly limits: AttemptLimits;
  /** True for a result that whoever handed the attempt over can say better: it is not sent, and all of the log is. Left out: of none. */
  readonly leavesUnsaid?: (result: AttemptResult) => boolean;
}
