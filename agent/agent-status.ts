import type { Admission } from '../protocol/admission.ts';
import type { AgentDesired, AgentReport } from '../protocol/agent-report.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LoopStatus } from '../runtime/loop-board.ts';
import type { LoopLagValues } from '../runtime/loop-lag.ts';
import type { OutletStatus } from '../runtime/network/outlet-status.ts';
import type { SyncCount } from '../sync/sync-counters.ts';
import type { AgentCounts, AgentTimes } from './agent-counts.ts';
import type { AgentState } from './agent-state.ts';
import type { Attempt } from './attempts/attempt.ts';
import type { CatalogSnapshot } from './automations/catalog.ts';
import type { Executors } from './executors/executors.ts';
import type { JobLogStatus } from './job-log/job-log.ts';
import type { ClusterAccountStatus } from './kubernetes/cluster-account.ts';
import type { LinkState } from './link-state.ts';
import type { ClusterStatus } from './orchestrators/inventories.ts';
import type { WayStatus } from './ways/way-status.ts';

/** What `/status` answers: JSON. Times are ISO 8601. */
export interface AgentStatus {
  readonly at: string;
  readonly name: string;
  readonly id: string | null;
  readonly version: string;
  readonly state: AgentState;
  readonly link: {
    readonly state: LinkState['type'];
    readonly message: string | null;
    readonly storeId: string | null;
  };
  /** How the hub is reached; null where that is in the same process. */
  readonly network: OutletStatus | null;
  /** The ways to the hub, in the order of FARHAND_HUB_URL. */
  readonly ways: readonly WayStatus[];
  readonly slots: { readonly total: number; readonly used: number };
  readonly attempts: readonly {
    readonly id: string;
    readonly job: string | null;
    readonly automation: string | null;
    readonly state: string;
    /** Since when it is in that state: ISO 8601. */
    readonly since: string;
    readonly rawBytes: number;
  }[];
  readonly health: AgentReport['health'];
  /** What the hub last said that it wishes of the agent, with a word of whoever asked for it. */
  readonly desired: AgentDesired;
  readonly catalog: { readonly automations: number; readonly mistakes: number };
  /** What can run commands here. `obstacle`: why it starts none now, and its automations are not offered; null when it does. */
  readonly executors: readonly { readonly name: string; readonly obstacle: string | null }[];
  /** What the output of all attempts takes. */
  readonly spoolBytes: number;
  /** Free on the disk that it is on; null where nobody knows. */
  readonly spoolFreeBytes: number | null;
  readonly loopLagMs: number;
  readonly loopLagMeanMs: number;
  readonly loopLagMaxMs: number;
  /** Null before it serves. */
  readonly admission: Admission | null;
  readonly counts: AgentCounts;
  readonly times: AgentTimes;
  /** Events of the control channel, by what came of them. */
  readonly events: Readonly<Partial<Record<SyncCount, number>>>;
  readonly loops: readonly LoopStatus[];
  /** Null where lines of jobs go to the hub alone. */
  readonly jobLog: JobLogStatus | null;
  /** The cluster that the agent uses; null where it uses none. */
  readonly kubernetes: ClusterAccountStatus | null;
  /** Those that it watches for the hub. */
  readonly clusters: readonly ClusterStatus[];
}

function toLink(state: LinkState): AgentStatus['link'] {
  switch (state.type) {
    case 'idle':
    case 'dialling':
      return { state: state.type, message: null, storeId: null };
    case 'up':
      return { state: state.type, message: null, storeId: state.hub.storeId };
    case 'distrusted':
      return { state: state.type, message: state.message, storeId: state.hub.storeId };
    case 'waiting':
      return { state: state.type, message: state.why, storeId: null };
  }
}

export function toAgentStatus({
  clock,
  loopLag,
  ...given
}: {
  readonly clock: Clock;
  readonly name: string;
  readonly id: string | null;
  readonly version: string;
  readonly state: AgentState;
  readonly link: LinkState;
  readonly network: OutletStatus | null;
  readonly ways: readonly WayStatus[];
  readonly slots: { readonly total: number; readonly used: number };
  readonly attempts: readonly Attempt[];
  readonly health: AgentReport['health'];
  readonly desired: AgentDesired;
  readonly catalog: CatalogSnapshot;
  readonly executors: Executors;
  readonly spoolBytes: number;
  readonly spoolFreeBytes: number | null;
  readonly loopLag: LoopLagValues;
  readonly admission: Admission | null;
  readonly counts: AgentCounts;
  readonly times: AgentTimes;
  readonly events: AgentStatus['events'];
  readonly loops: readonly LoopStatus[];
  readonly jobLog: JobLogStatus | null;
  readonly kubernetes: ClusterAccountStatus | null;
  readonly clusters: readonly ClusterStatus[];
}): AgentStatus {
  const now = clock.now();
  const toTime = (monotonic: number) => new Date(now + monotonic - clock.monotonic()).toISOString();
  return {
    at: new Date(now).toISOString(),
    ...given,
    loopLagMs: loopLag.p99Ms,
    loopLagMeanMs: loopLag.meanMs,
    loopLagMaxMs: loopLag.maxMs,
    catalog: { automations: given.catalog.automations.size, mistakes: given.catalog.mistakes.length },
    executors: given.executors.list.map((one) => ({ name: one.kind.name, obstacle: one.obstacle() })),
    link: toLink(given.link),
    attempts: given.attempts.map(({ id, job, automation, state, since, report }) => ({
      id,
      job,
      automation,
      state: state.type,
      since: toTime(since),
      rawBytes: report?.rawBytes ?? 0,
    })),
  };
}
