import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../runtime/clock.ts';
import type { Metric } from '../../runtime/metrics-text.ts';
import type { Change } from '../store/store.ts';
import { Histogram } from './histogram.ts';
import { JobCounts } from './job-counts.ts';
import { LabelledCounter } from './labelled-counter.ts';

/** What is asked at each scrape. */
export interface HubGauges {
  /** Agents that are enrolled. */
  agents(): { readonly online: number; readonly offline: number };
  sessions(): number;
  commits(): number;
  /** Disk that the store takes. */
  storeBytes(): number;
  /** Disk that logs of ended jobs take; null before it was counted. */
  logStoreBytes(): number | null;
}

/** What retention removes. */
export type Removed = 'jobs' | 'attempts' | 'logs' | 'log-bytes' | 'audit' | 'join-tokens';

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
const lagResolutionMs = 20;
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What the hub tells Prometheus of itself. No name of an agent, automation, account or person is in it. */
export class HubMetrics implements Disposable {
  readonly #version: string;
  readonly #clock: Clock;
  readonly #jobs = new JobCounts();
  readonly #requests = new LabelledCounter();
  readonly #requestTimes = new Histogram(requestBounds);
  readonly #commitTimes = new Histogram(commitBounds);
  readonly #lag: ReturnType<typeof monitorEventLoopDelay>;
  readonly #removed = new LabelledCounter();
  #logBytes = 0;
  #gauges: HubGauges | null = null;

  constructor({ version, clock }: { readonly version: string; readonly clock: Clock }) {
    this.#version = version;
    this.#clock = clock;
    this.#lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
    this.#lag.enable();
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

  removed(what: Removed, count: number): void {
    if (count > 0) this.#removed.add({ what }, count);
  }

  toMetrics(): readonly Metric[] {
    const { online, offline } = this.#gauges?.agents() ?? { online: 0, offline: 0 };
    const lagMs = Math.max(0, this.#lag.percentile(99) / 1e6 - lagResolutionMs);
    this.#lag.reset();
    const { user, system } = process.cpuUsage();
    return [
      gauge('farhand_hub_info', 'Always 1; its label says which version this is.', 1, { version: this.#version }),
      ...this.#jobs.toMetrics(),
      {
        type: 'gauge',
        name: 'farhand_hub_agents',
        help: 'Agents that are enrolled, by whether they are connected.',
        samples: [
          { labels: { state: 'online' }, value: online },
          { labels: { state: 'offline' }, value: offline },
        ],
      },
      gauge('farhand_hub_sessions', 'Sessions of attempts that are open.', this.#gauges?.sessions() ?? 0),
      counter('farhand_hub_log_bytes_total', 'Bytes of logs that came from agents.', this.#logBytes),
      counter(
        'farhand_hub_store_commits_total',
        'Commits of the store, over all its life.',
        this.#gauges?.commits() ?? 0,
      ),
      gauge('farhand_hub_store_bytes', 'Disk that the store takes.', this.#gauges?.storeBytes() ?? 0),
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
        'How late the event loop was, 99th percentile since the last scrape.',
        lagMs / 1000,
      ),
      counter('process_cpu_seconds_total', 'Time of processors that the hub used.', (user + system) / 1e6),
      gauge('process_resident_memory_bytes', 'Memory of the hub.', process.memoryUsage.rss()),
      gauge(
        'process_start_time_seconds',
        'When the hub started, in seconds since 1970.',
        Math.round(this.#clock.now() / 1000 - process.uptime()),
      ),
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
    this.#lag.disable();
  }
}

function gauge(name: string, help: string, value: number, labels = {}): Metric {
  return { type: 'gauge', name, help, samples: [{ labels, value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { type: 'counter', name, help, samples: [{ value }] };
}
