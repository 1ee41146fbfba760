import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readDiskUsage } from './disk-usage.ts';
import { sumMetric } from './parse-metrics.ts';
import type { QuantityKey } from './quantity.ts';
import type { Recording } from './recording.ts';
import type { SoakPlace } from './soak-place.ts';
import { openStoreRows, type StoreRows } from './store-rows.ts';
import { WatchedProcess } from './watched-process.ts';

/** Samples all that a place is made of until `signal` aborts. */
export async function runSampler(
  place: SoakPlace,
  {
    recording,
    everyMs,
    signal,
  }: { readonly recording: Recording; readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const hubSource = {
    name: 'hub',
    pid: place.hub.pid,
    readMetrics: async () => (await place.client.getMetrics()).text(),
  };
  const hub = new WatchedProcess(hubSource, recording);
  const agents = place.agents.map((agent) => new WatchedProcess(agent, recording));
  const rates = new Rates(recording);
  using rows = openStoreRows(join(place.hubFolder, 'hub.sqlite'));
  while (!signal.aborted) {
    const metrics = await hub.sample();
    for (const agent of agents) await agent.sample();
    recordHub(metrics, { recording, rates });
    recordRows(rows, recording);
    await recordDisk(place, recording);
    await delay(everyMs, undefined, { signal }).catch(() => {});
  }
}

function recordHub(
  metrics: ReadonlyMap<string, number>,
  { recording, rates }: { readonly recording: Recording; readonly rates: Rates },
): void {
  for (const state of ['queued', 'offered', 'running'])
    recording.add('queue', state, sumMetric(metrics, 'farhand_hub_jobs', `"${state}"`));
  recording.add('open', 'sessions', sumMetric(metrics, 'farhand_hub_sessions'));
  recording.add('open', 'readers', sumMetric(metrics, 'farhand_hub_readers'));
  rates.add('jobs', 'jobs', sumMetric(metrics, 'farhand_hub_jobs_ended_total'));
  rates.add('commits', 'commits', sumMetric(metrics, 'farhand_hub_store_commits_total'));
  for (const what of ['jobs', 'logs', 'audit'])
    rates.add('removed', what, sumMetric(metrics, 'farhand_hub_retention_removed_total', `"${what}"`));
}

/** The store must not stand still because somebody counts its rows. */
function recordRows(rows: StoreRows, recording: Recording): void {
  for (const { table, rows: count } of rows.count()) recording.add('rows', table, count);
}

async function recordDisk({ hubFolder, agents }: SoakPlace, recording: Recording): Promise<void> {
  const store = await readDiskUsage(join(hubFolder, 'hub.sqlite'));
  const wal = await readDiskUsage(join(hubFolder, 'hub.sqlite-wal'));
  const logs = await readDiskUsage(join(hubFolder, 'logs'));
  recording.add('disk', 'hub: store', store.bytes);
  recording.add('disk', 'hub: WAL', wal.bytes);
  recording.add('disk', 'hub: logs', logs.bytes);
  recording.add('files', 'hub: logs', logs.files);
  for (const { name, folder } of agents) {
    const usage = await readDiskUsage(folder);
    recording.add('disk', name, usage.bytes);
    recording.add('files', name, usage.files);
  }
}

/** How fast counters grow. */
class Rates {
  readonly #recording: Recording;
  readonly #last = new Map<string, { readonly value: number; readonly at: number }>();

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  add(quantity: QuantityKey, name: string, value: number): void {
    const key = `${quantity} ${name}`;
    const at = this.#recording.seconds;
    const last = this.#last.get(key);
    if (last !== undefined) this.#recording.add(quantity, name, (value - last.value) / (at - last.at));
    this.#last.set(key, { value, at });
  }
}
