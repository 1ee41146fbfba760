import { type InventoryTotals, type Obstacle, obstacles } from '../../protocol/hub-status.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Histogram } from '../../runtime/histogram.ts';
import type { LoopStatus } from '../../runtime/loop-board.ts';
import { type LoopLag, type LoopLagValues, measureLoopLag } from '../../runtime/loop-lag.ts';
import { toLoopMetrics } from '../../runtime/loop-metrics.ts';
import type { Metric } from '../../runtime/metrics-text.ts';
import { readProcessMetrics } from '../../runtime/process-metrics.ts';
import type { WaitingGroup, WaitingGroups } from '../scheduler/waiting-group.ts';
import type { Change } from '../store/store.ts';
import { ConnectionMetrics } from './connection-metrics.ts';
import { JobCounts } from './job-counts.ts';
import { LabelledCounter } from './labelled-counter.ts';
import { OfferCounts } from './offer-counts.ts';
import { RefusalCounts } from './refusal-counts.ts';
import { SessionCounts } from './session-counts.ts';

/** What is asked at each scrape. */
export interface HubGauges {
  /** Agents that are enrolled. */
  agents(): { readonly online: number; readonly offline: number };
  /** Agents that are online and take no jobs under pressure. */
  closedAgents(): number;
  /** Agents on their way in, and how often one was told to come back. */
  arrivals(): { readonly arriving: number; readonly deferred: number };
  sessions(): number;
  readers(): number;
  commits(): number;
  commandsWaiting(): number;
  waitingGroups(): WaitingGroups;
  loops(): readonly LoopStatus[];
  /** Null where nobody knows. */
  freeBytes(): number | null;
  /** Events of control channels, by what came of them. */
  events(): Readonly<Record<string, number>>;
  isReady(): boolean;
  /** No job is offered until somebody did something. */
  isHolding(): boolean;
  /** Nodes and apps; null before they were counted. */
  inventory(): InventoryTotals | null;
  inventoryRefused(): number;
  /** Disk that the store takes. */
  storeBytes(): number;
  /** Disk that logs of ended jobs take; null before it was counted. */
  logStoreBytes(): number | null;
}

/** What retention removes. */
export type Removed =
  | 'jobs'
  | 'attempts'
  | 'logs'
  | 'log-bytes'
  | 'audit'
  | 'join-tokens'
  | 'tokens'
  | 'agents'
  | 'inventory';

/** One request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** As it is registered, with `:id`; null for a path that is not there. */
  readonly route: string | null;
  readonly status: number;
  /** Null for an answer that lasts as long as its reader. */
  readonly tookMs: number | null;
}

const requestBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const commitBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const resyncBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What the hub tells Prometheus of itself. No name of an agent, automation, account or person is in it. */
export class HubMetrics implements Disposable {
  readonly offers: OfferCounts;
  readonly sessions = new SessionCounts();
  readonly connections = new ConnectionMetrics();
  readonly refusals = new RefusalCounts();
  readonly #version: string;
  readonly #clock: Clock;
  readonly #jobs = new JobCounts();
  readonly #requests = new LabelledCounter();
  readonly #requestTimes = new Histogram(requestBounds);
  readonly #commitTimes = new Histogram(commitBounds);
  readonly #resyncs = new Histogram(resyncBounds);
  readonly #lag: LoopLag;
  readonly #removed = new LabelledCounter();
  #logBytes = 0;
  #gauges: HubGauges | null = null;

  constructor({ version, clock }: { readonly version: string; readonly clock: Clock }) {
    this.#version = version;
    this.#clock = clock;
    this.offers = new OfferCounts(clock);
    this.#lag = measureLoopLag(clock);
  }

  /** Where the numbers of the moment come from, once all is there that has them. */
  watch(gauges: HubGauges): void {
    this.#gauges = gauges;
  }

  loaded(change: Change): void {
    this.#jobs.loaded(change);
  }

  changed(change: Change): void {
    this.#jobs.changed(change, this.#clock.now());
  }

  answered({ method, route, status, tookMs }: AnsweredRequest): void {
    // Whoever asks for what is not there must not be able to fill the memory with names.
    const name = knownMethods.has(method) ? method : 'other';
    this.#requests.add({ method: name, route: route ?? '', status: String(status) });
    if (tookMs !== null) this.#requestTimes.observe(tookMs / 1000);
  }

  committed(tookMs: number): void {
    this.#commitTimes.observe(tookMs / 1000);
  }

  stored(logBytes: number): void {
    this.#logBytes += logBytes;
  }

  get loopLag(): LoopLagValues {
    return this.#lag.latest;
  }

  get openJobs(): Readonly<Record<'queued' | 'offered' | 'running', number>> {
    return this.#jobs.openJobs;
  }

  resynced(tookMs: number): void {
    this.#resyncs.observe(tookMs / 1000);
  }

  removed(what: Removed, count: number): void {
    if (count > 0) this.#removed.add({ what }, count);
  }

  toMetrics(): readonly Metric[] {
    const { p99Ms, meanMs, maxMs } = this.#lag.latest;
    const gauges = this.#gauges;
    const info = gauge('farhand_hub_info', 'Always 1; its label says which version this is.', 1, {
      version: this.#version,
    });
    if (gauges === null) return [info];
    const { online, offline } = gauges.agents();
    const { groups, more } = gauges.waitingGroups();
    const now = this.#clock.now();
    const oldestAt = Math.min(now, ...groups.map(({ oldest }) => oldest.createdAt));
    return [
      info,
      gauge(
        'farhand_hub_ready',
        '1 while the hub can do its work: its store and its disk take what comes.',
        gauges.isReady() ? 1 : 0,
      ),
      gauge(
        'farhand_hub_offers_held',
        '1 while jobs are held because an agent has seen the store further than it is.',
        gauges.isHolding() ? 1 : 0,
      ),
      ...this.#jobs.toMetrics(),
      ...this.refusals.toMetrics(),
      {
        type: 'gauge',
        name: 'farhand_hub_jobs_waiting',
        help: 'Queued jobs, by what keeps them from running.',
        samples: obstacles.map((reason) => ({
          labels: { reason },
          value: countJobs(groups, reason) + (reason === 'unexamined' ? more.jobs : 0),
        })),
      },
      gauge(
        'farhand_hub_oldest_queued_job_seconds',
        'Age of the oldest job that is queued; 0 when none is.',
        (now - oldestAt) / 1000,
      ),
      ...this.offers.toMetrics(),
      {
        type: 'gauge',
        name: 'farhand_hub_agents',
        help: 'Agents that are enrolled, by whether they are connected.',
        samples: [
          { labels: { state: 'online' }, value: online },
          { labels: { state: 'offline' }, value: offline },
        ],
      },
      gauge(
        'farhand_hub_agents_closed',
        'Agents that are online and take no jobs under pressure.',
        gauges.closedAgents(),
      ),
      gauge('farhand_hub_agents_arriving', 'Agents on their way in.', gauges.arrivals().arriving),
      counter(
        'farhand_hub_agents_deferred_total',
        'Times an agent was told to come back later, because more came than the hub takes at once, or because it is leaving.',
        gauges.arrivals().deferred,
      ),
      {
        type: 'histogram',
        name: 'farhand_hub_resync_seconds',
        help: 'Time from the hello of an agent to its having been told of all its attempts.',
        samples: [this.#resyncs.toSample()],
      },
      {
        type: 'counter',
        name: 'farhand_hub_events_total',
        help: 'Events of all control channels, by what came of them.',
        samples: Object.entries(gauges.events()).map(([what, value]) => ({ labels: { what }, value })),
      },
      {
        type: 'gauge',
        name: 'farhand_hub_inventory',
        help: 'Nodes and apps of clusters that agents told of, by whether they are known to be so still.',
        samples: toInventorySamples(gauges.inventory()),
      },
      counter(
        'farhand_hub_inventory_refused_total',
        'Nodes and apps that were not kept because their agent told of more than it may have.',
        gauges.inventoryRefused(),
      ),
      gauge('farhand_hub_sessions', 'Sessions of attempts that are open.', gauges.sessions()),
      ...this.sessions.toMetrics(),
      gauge('farhand_hub_readers', 'Readers that follow logs and events.', gauges.readers()),
      counter('farhand_hub_log_bytes_total', 'Bytes of logs that came from agents.', this.#logBytes),
      counter('farhand_hub_store_commits_total', 'Commits of the store, over all its life.', gauges.commits()),
      gauge('farhand_hub_store_commands_waiting', 'Commands that wait for the next commit.', gauges.commandsWaiting()),
      gauge('farhand_hub_store_bytes', 'Disk that the store takes.', gauges.storeBytes()),
      this.#logStore(),
      {
        type: 'counter',
        name: 'farhand_hub_retention_removed_total',
        help: 'What was removed because it was to be kept no longer.',
        samples: this.#removed.toSamples(),
      },
      {
        type: 'histogram',
        name: 'farhand_hub_store_commit_seconds',
        help: 'How long a commit of the store took; nothing else runs meanwhile.',
        samples: [this.#commitTimes.toSample()],
      },
      {
        type: 'gauge',
        name: 'farhand_hub_disk_free_bytes',
        help: 'Free on the disk of the data folder.',
        samples: toSamples(gauges.freeBytes()),
      },
      ...this.connections.toMetrics(),
      {
        type: 'counter',
        name: 'farhand_hub_http_requests_total',
        help: 'Requests that were answered, by route and status.',
        samples: this.#requests.toSamples(),
      },
      {
        type: 'histogram',
        name: 'farhand_hub_http_request_seconds',
        help: 'How long answers took, those that last as long as their reader left out.',
        samples: [this.#requestTimes.toSample()],
      },
      gauge(
        'farhand_hub_loop_lag_seconds',
        'How late the event loop was, 99th percentile of the last 5 seconds.',
        p99Ms / 1000,
      ),
      gauge(
        'farhand_hub_loop_lag_mean_seconds',
        'How long what came at any moment of the last 5 seconds waited for the event loop, on average.',
        meanMs / 1000,
      ),
      gauge('farhand_hub_loop_lag_max_seconds', 'The longest stop of the event loop in the last minute.', maxMs / 1000),
      ...toLoopMetrics('farhand_hub', gauges.loops()),
      ...readProcessMetrics(),
    ];
  }

  #logStore(): Metric {
    const value = this.#gauges?.logStoreBytes() ?? null;
    return {
      type: 'gauge',
      name: 'farhand_hub_log_store_bytes',
      help: 'Disk that logs of ended attempts take, when last counted.',
      samples: value === null ? [] : [{ value }],
    };
  }

  [Symbol.dispose](): void {
    this.#lag[Symbol.dispose]();
  }
}

function gauge(name: string, help: string, value: number, labels = {}): Metric {
  return { type: 'gauge', name, help, samples: [{ labels, value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { type: 'counter', name, help, samples: [{ value }] };
}

function toInventorySamples(totals: InventoryTotals | null) {
  if (totals === null) return [];
  return (['nodes', 'apps'] as const).flatMap((list) =>
    (['current', 'stale'] as const).map((state) => ({ labels: { list, state }, value: totals[list][state] })),
  );
}

/** None where the system does not tell. */
function toSamples(value: number | null): readonly { readonly value: number }[] {
  return value === null ? [] : [{ value }];
}

function countJobs(groups: readonly WaitingGroup[], reason: Obstacle): number {
  return groups.reduce((sum, { obstacle, jobs }) => (obstacle === reason ? sum + jobs : sum), 0);
}
