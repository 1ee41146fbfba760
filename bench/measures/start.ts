import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Bench, Measure } from '../bench.ts';
import { startBullmqPeer } from '../peers/bullmq-peer.ts';
import { createPlace, type Place, startHub } from '../place.ts';
import { quantile } from '../report/quantile.ts';
import type { Row } from '../report/table.ts';

/** Every start, in milliseconds; of daemons of farhand also the CPU time. */
interface Times {
  readonly ms: number[];
  readonly cpuMs: number[];
}

const ways = [
  'limit: bare Node, start → end',
  'farhand --version',
  'hub: start → ready',
  'agent: start → online',
] as const;

async function timeProcess(bench: Bench, args: readonly string[]): Promise<number> {
  const from = performance.now();
  const { ended } = await bench.workplace.start(process.execPath, args, {
    stdio: 'ignore',
    env: { ...process.env, XDG_CACHE_HOME: bench.workplace.folder },
  });
  await ended;
  return performance.now() - from;
}

async function startAll(bench: Bench, place: Place, found: Map<string, Times>): Promise<void> {
  const add = (way: (typeof ways)[number], ms: number, cpuMs: number | null) => {
    const times = found.get(way) ?? { ms: [], cpuMs: [] };
    times.ms.push(ms);
    if (cpuMs !== null) times.cpuMs.push(cpuMs);
    found.set(way, times);
  };
  add(ways[0], await timeProcess(bench, ['--eval', '0']), null);
  add(ways[1], await timeProcess(bench, [bench.program, '--version']), null);
  {
    await using hub = await startHub(bench, { data: bench.workplace.path('hub'), port: 0 });
    add(ways[2], hub.ready.ms, hub.ready.cpuMs);
  }
  await using agent = await place.startAgent();
  add(ways[3], agent.ready.ms, agent.ready.cpuMs);
}

/** Null where BullMQ is missing or not asked for. */
async function timeBullmq(bench: Bench, rounds: number): Promise<readonly number[] | null> {
  if (!bench.peers.has('bullmq')) return null;
  try {
    await using peer = await startBullmqPeer(bench, { fsync: 'always', atOnce: 1, workers: 1 });
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const from = performance.now();
      await using worker = await peer.startWorker();
      await worker.ask({ type: 'ready' }, z.object({}));
      times.push(performance.now() - from);
    }
    return times;
  } catch (error) {
    bench.say(`BullMQ is missing: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

export const start: Measure = {
  name: 'start',
  about: 'process start → ready of a hub, → online of an agent',
  async run(bench) {
    const { rounds, cacheMs } = bench.sizes.start;
    await using place = await createPlace(bench, { slots: 1, automations: {}, probes: 'none' });
    // The first start of everything fills the compile cache; the agent’s folder is for one at a time.
    await delay(cacheMs);
    await place.agent[Symbol.asyncDispose]();
    const found = new Map<string, Times>();
    for (let round = 0; round < rounds; round += 1) await startAll(bench, place, found);
    const bullmq = await timeBullmq(bench, rounds);

    const rows = ways.map((way): Row => {
      const { ms, cpuMs } = found.get(way) ?? { ms: [], cpuMs: [] };
      const cells = [quantile(ms, 0.5), quantile(ms, 0), cpuMs.length === 0 ? null : quantile(cpuMs, 0.5), ms.length];
      if (way !== ways[3]) return { what: way, cells };
      return { what: way, cells, target: { text: 'median ≤ 300 ms', met: quantile(ms, 0.5) <= 300 } };
    });
    if (bullmq !== null) {
      rows.push({
        what: 'BullMQ worker: start → ready',
        cells: [quantile(bullmq, 0.5), quantile(bullmq, 0), null, bullmq.length],
      });
    }
    return [
      {
        title: 'Start, ms',
        columns: ['median', 'least', 'CPU, median', 'rounds'],
        rows,
        notes: [
          'With a warm compile cache. The agent is enrolled already; its hub is idle. The hub’s store is a new one each time.',
        ],
      },
    ];
  },
};
