import type { Labels } from '../protocol/labels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { FileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import type { LoopLag } from '../runtime/loop-lag.ts';
import type { OutletStatus } from '../runtime/network/outlet-status.ts';
import type { Random } from '../runtime/random.ts';
import type { AttemptLimits } from './attempts/attempt-context.ts';
import type { WatchFolder } from './attempts/raw-watch.ts';
import { defaultSessionLimits } from './attempts/session-loop.ts';
import { defaultSpoolLimits, type FreeBytes, type SpoolLimits } from './attempts/spool.ts';
import type { Catalog } from './automations/catalog.ts';
import type { Executors } from './executors/executors.ts';
import type { JobLog } from './job-log/job-log.ts';
import type { ClusterAccount } from './kubernetes/cluster-account.ts';
import { defaultLinkLimits, type LinkLimits } from './link-limits.ts';
import type { StartOrchestrator } from './orchestrators/orchestrator.ts';
import { type AdmissionLimits, defaultAdmissionLimits } from './pressure/admission-limits.ts';
import type { Pressure } from './pressure/pressure.ts';
import type { ProbeRunner } from './probes/probe-runner.ts';
import type { Way } from './ways/way.ts';

export interface AgentLimits {
  readonly attempt: AttemptLimits;
  readonly link: LinkLimits;
  readonly spool: SpoolLimits;
  readonly admission: AdmissionLimits;
}

export const defaultAgentLimits: AgentLimits = {
  attempt: {
    graceMs: 10_000,
    leftoverGraceMs: 2_000,
    boundMs: 10_000,
    pollMs: 1_000,
    retryMs: 1_000,
    session: defaultSessionLimits,
  },
  link: defaultLinkLimits,
  spool: defaultSpoolLimits,
  admission: defaultAdmissionLimits,
};

/**
 * - `daemon`: takes work until it is told to stop
 * - `once`: takes one job and no other, and is finished when the hub has its result. `jobId` says which one, null takes any;
 *   when none came for `idleMs` it is finished too
 */
export type AgentMode =
  | { readonly type: 'daemon' }
  | { readonly type: 'once'; readonly jobId: string | null; readonly idleMs: number | null };

/** Everything an agent depends on. What it is given stays the giver's: the agent closes only what it opened. */
export interface AgentOptions {
  /** Absolute. Made when it is not there; one agent at a time. */
  readonly dataFolder: string;
  readonly name: string;
  readonly labels: Labels;
  readonly slots: number;
  readonly version: string;
  readonly mode: AgentMode;
  /** Where and with what an agent without an identity gets one; null for one that must have it already. `hubUrls` are `http(s)://`, the best one first. */
  readonly enrolment: { readonly hubUrls: readonly string[]; readonly joinToken: string } | null;
  /** To the hub, the best one first; at least one. */
  readonly ways: readonly Way[];
  readonly catalog: Catalog;
  readonly executors: Executors;
  /** Null: no probe runs. In mode `once` none does anyway: the agent is gone before its facts could be of use. */
  readonly probeRunner: ProbeRunner | null;
  readonly limits: AgentLimits;
  /** Of the machine: `started` and `exit` of another boot prove nothing. */
  readonly machineBootId: string;
  /** What jobs and probes may inherit from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fileSystem: FileSystem;
  readonly watchFolder: WatchFolder;
  readonly freeBytes: FreeBytes;
  readonly loopLag: LoopLag;
  readonly pressure: Pressure;
  /** Where its loops say what they do. */
  readonly loops: LoopBoard;
  /** Where lines of jobs go besides the hub; null: nowhere. */
  readonly jobLog: JobLog | null;
  /** What there is to say of the cluster that the agent uses; null: none. */
  readonly kubernetes: ClusterAccount | null;
  /** Clusters that are watched for the hub. In mode `once` none is. */
  readonly orchestrators: readonly StartOrchestrator[];
  readonly fetch: typeof globalThis.fetch;
  /** How it reaches its hub at a URL, or at the best one; null where that is in the same process. */
  readonly network: ((url: string | null) => OutletStatus) | null;
  /** Makes this process the folder's owner until disposed. Throws when another one is. */
  readonly takeOwnerLock: (folder: string) => Disposable;
}
