import type { AutomationName } from './automations.ts';
import type { JobScript } from './job-script.ts';
import type { PodFault } from './pod-fault.ts';

/** A job that somebody submits, and perhaps wants cancelled. */
export interface PlannedJob {
  readonly name: string;
  readonly atMs: number;
  readonly automation: AutomationName;
  readonly account: string;
  readonly script: JobScript;
  /** Its text stands somewhere in the output. */
  readonly secret: string | null;
  readonly timeoutSeconds: number | null;
  readonly expiresInSeconds: number | null;
  readonly retryLimit: number;
  readonly cancelAtMs: number | null;
}

export type Side = 'hub' | 'agent';

/** `agent` is an index. Times are by the clock of the world, from the beginning. */
export type Fault =
  | PodFault
  /** The process dies at the operation that comes after so many others. `power`: its machine dies with it. */
  | {
      readonly type: 'crash';
      readonly atMs: number;
      readonly who: Side;
      readonly agent: number;
      readonly operations: number;
      /** Only operations with this in their name count; null: all. */
      readonly on: string | null;
      readonly when: 'before' | 'after';
      readonly how: 'kill' | 'power';
      readonly downMs: number;
    }
  /** The agent is left in order and started again. */
  | { readonly type: 'leave'; readonly atMs: number; readonly agent: number; readonly downMs: number }
  /** Connections of the agent are cut, in the message behind so many others. */
  | {
      readonly type: 'cut';
      readonly atMs: number;
      readonly agent: number;
      readonly which: 'control' | 'sessions' | 'all';
      readonly direction: 'up' | 'down';
      readonly afterMessages: number;
    }
  /** Nothing gets through that way. `vanish`: what is sent meanwhile is lost; else it comes when the fault ends. */
  | {
      readonly type: 'partition';
      readonly atMs: number;
      readonly agent: number;
      readonly forMs: number;
      readonly direction: 'up' | 'down' | 'both';
      readonly vanish: boolean;
      /** Nobody can dial meanwhile. */
      readonly noDials: boolean;
    }
  /** Events of all control channels get lost, doubled or late. */
  | {
      readonly type: 'lossy';
      readonly atMs: number;
      readonly forMs: number;
      readonly drop: number;
      readonly double: number;
      readonly late: number;
      readonly lateMs: number;
    }
  | {
      readonly type: 'slow';
      readonly atMs: number;
      readonly forMs: number;
      readonly latencyMs: number;
      readonly jitterMs: number;
    }
  /** One of the agent's running jobs loses a process. */
  | {
      readonly type: 'kill-job';
      readonly atMs: number;
      readonly agent: number;
      readonly what: 'wrapper' | 'command' | 'sink' | 'both';
      readonly pick: number;
    }
  | {
      readonly type: 'disk-full';
      readonly atMs: number;
      readonly agent: number;
      readonly forMs: number;
      readonly leftBytes: number;
    }
  | {
      readonly type: 'disk-error';
      readonly atMs: number;
      readonly who: Side;
      readonly agent: number;
      readonly on: 'write' | 'flush';
      readonly code: 'EIO' | 'ENOSPC';
      readonly operations: number;
    }
  /** Folders and tombstones of the agent's attempts are gone, under a running agent or while it is down. */
  | { readonly type: 'lose-disk'; readonly atMs: number; readonly agent: number; readonly downMs: number }
  /** An `open` that the agent sent earlier, and that sat somewhere since, comes on a connection of its own. */
  | { readonly type: 'stale-open'; readonly atMs: number; readonly agent: number; readonly pick: number }
  /** A second agent is started on the agent's data folder. */
  | { readonly type: 'second-agent'; readonly atMs: number; readonly agent: number; readonly forMs: number }
  /** A second agent lives for a while on a copy of the agent's data folder, on another machine. */
  | {
      readonly type: 'copy-folder';
      readonly atMs: number;
      readonly fromMs: number;
      readonly agent: number;
      readonly forMs: number;
      readonly sameBoot: boolean;
    }
  /** The hub's store becomes what it was. `backup`: by a restore, with an id of its own; `copy`: the files were put back. */
  | {
      readonly type: 'restore-store';
      readonly atMs: number;
      readonly fromMs: number;
      readonly how: 'backup' | 'copy';
      readonly cancelQueued: boolean;
      readonly downMs: number;
      /** So long after it each agent is told to trust the store. */
      readonly trustAfterMs: number;
    }
  | {
      readonly type: 'clock-jump';
      readonly atMs: number;
      readonly who: Side;
      readonly agent: number;
      readonly byMs: number;
    };

/** As `hub/retention/retention-rules.ts`; null is no bound. */
export interface PlannedRetention {
  readonly jobsForMs: number | null;
  readonly jobsPerAccount: number | null;
  readonly logBytes: number | null;
  readonly everyMs: number;
}

/** Everything that a run is made of: the same schedule gives the same run, event for event. */
export interface Schedule {
  readonly seed: string;
  readonly agents: number;
  readonly slots: number;
  readonly lostAfterMs: number;
  /** How long a late result may correct a lost job. */
  readonly correctionWindowMs: number;
  /** How long a runner waits for the hub to let it in; left out: a quarter of an hour. */
  readonly comeMs?: number;
  /** What the hub keeps; null: everything. */
  readonly retention: PlannedRetention | null;
  /** From here on nothing goes wrong any more. */
  readonly faultsEndMs: number;
  readonly jobs: readonly PlannedJob[];
  readonly faults: readonly Fault[];
}
