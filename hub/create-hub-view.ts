import { statfsSync } from 'node:fs';
import type { Clock } from '../runtime/clock.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import type { createSyncCounters } from '../sync/sync-counters.ts';
import type { HubView } from './api/hub-view.ts';
import type { Readers } from './api/readers.ts';
import type { Arrivals } from './control/arrivals.ts';
import type { ControlService } from './control/control-service.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { InventoryCount } from './fleet/inventory-count.ts';
import type { LiveAgent } from './fleet/live-agent.ts';
import type { RoomWatch } from './housekeeping/room-watch.ts';
import type { HubMetrics } from './metrics/hub-metrics.ts';
import type { Retention } from './retention/retention.ts';
import type { OfferHold } from './scheduler/offer-hold.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import type { ProgressBoard } from './sessions/progress-board.ts';
import type { SessionService } from './sessions/session-service.ts';
import { toHubStatus } from './status/hub-status.ts';
import type { Store } from './store/store.ts';
import type { TlsKeeper } from './tls/tls-keeper.ts';

export interface HubParts {
  readonly dataFolder: string;
  readonly version: string;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly arrivals: Arrivals;
  readonly scheduler: Scheduler;
  readonly hold: Pick<OfferHold, 'problem'>;
  readonly progress: ProgressBoard;
  readonly readers: Readers;
  readonly room: RoomWatch;
  readonly retention: Retention;
  readonly metrics: HubMetrics;
  readonly loops: LoopBoard;
  readonly counters: ReturnType<typeof createSyncCounters>;
  readonly clock: Clock;
  /** Null where the hub speaks plaintext. */
  readonly tls: TlsKeeper | null;
  readonly sessions: Pick<SessionService, 'count'>;
  readonly inventory: Pick<InventoryCount, 'totals'>;
  readonly control: Pick<ControlService, 'inventory'>;
}

/** What the API shows of the hub's memory. Tells the metrics where their numbers of the moment come from. */
export function createHubView(parts: HubParts): HubView {
  const { version, store, fleet, arrivals, scheduler, hold, progress, readers, room, metrics, loops, clock } = parts;
  const startedAt = clock.now();

  function notReady(): string | null {
    if (!store.isOpen()) return 'the hub is stopping, or its store failed and must be opened again: see its log';
    if (arrivals.isShut) return 'the hub is leaving: agents and callers are to go to another';
    if (room.isFull) return "the disk of the hub's data folder is full: make room";
    return null;
  }

  function fault(): string | null {
    const stuck = loops.list().find(({ isStuck }) => isStuck);
    if (stuck !== undefined) return `the loop "${stuck.name}" is stuck`;
    return store.isOpen() ? null : 'the store failed, and only a restart opens it again';
  }

  const sessions = () => parts.sessions.count();
  metrics.watch({
    agents: () => fleet.count(),
    closedAgents: () => countClosed(fleet.all()),
    arrivals: () => arrivals,
    sessions,
    readers: () => readers.following,
    commits: () => store.commits(),
    commandsWaiting: () => store.commandsWaiting(),
    storeBytes: () => store.usage().bytes,
    logStoreBytes: () => parts.retention.logStoreBytes,
    inventory: () => parts.inventory.totals,
    inventoryRefused: () => parts.control.inventory.refused,
    waitingGroups: () => scheduler.overview.groups(),
    loops: () => loops.list(),
    freeBytes: () => readFreeBytes(parts.dataFolder),
    events: () => parts.counters.counts,
    isReady: () => notReady() === null,
    isHolding: () => hold.problem !== null,
  });
  return {
    agent: (agentId) => fleet.get(agentId),
    agents: (account) => fleet.serving(account),
    queued: (account) => scheduler.queued(account),
    running: (account) => scheduler.quota.running(account),
    waiting: (job) => scheduler.overview.of(job),
    progress: (attemptId) => progress.get(attemptId),
    nextProgress: (jobId, signal) => progress.next(jobId, signal),
    notReady,
    held: () => hold.problem,
    fault,
    isRetrySafe: (attempt) => fleet.isRetrySafe(attempt),
    status: (reader) =>
      toHubStatus(
        {
          version,
          startedAt,
          now: clock.now(),
          notReady: notReady(),
          held: hold.problem,
          lastOfferAt: metrics.offers.lastOfferAt,
          jobs: metrics.openJobs,
          waiting: scheduler.overview.groups(),
          agents: fleet.all(),
          count: fleet.count(),
          tls: parts.tls?.status() ?? null,
          sessions: sessions(),
          readers: readers.following,
          store: { commits: store.commits(), commandsWaiting: store.commandsWaiting() },
          inventory: parts.inventory.totals,
          freeBytes: readFreeBytes(parts.dataFolder),
          loopLag: metrics.loopLag,
          loops: loops.list(),
        },
        reader,
      ),
  };
}

function countClosed(agents: Iterable<LiveAgent>): number {
  let count = 0;
  for (const { leaseEpoch, closedBecause } of agents) if (leaseEpoch !== null && closedBecause !== null) count++;
  return count;
}

/** It asks the kernel, not the disk. */
function readFreeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
