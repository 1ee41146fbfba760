import { z } from 'zod';
import type { Bench, Measure } from '../bench.ts';
import { openPeers, type Peers } from '../peers/open-peers.ts';
import { createPlace, type Place } from '../place.ts';
import { readCpuMs } from '../process-facts.ts';
import type { Row, Table } from '../report/table.ts';
import { type Rate, runMany } from '../run-many.ts';
import { type Servant, startServant } from '../servant.ts';

const Rate = z.object({ count: z.int(), tookMs: z.number() });

/** For how much of the time of a pass a way runs unmeasured before its first one: in the beginning its code is not compiled yet. */
const warmUpShares = { first: 1, later: 0.3 };

interface Way {
  readonly name: string;
  run(options: { readonly forMs: number; readonly atOnce: number }): Promise<Rate>;
  /** Whose CPU time is told beside the rate, by name. */
  readonly pids: Readonly<Record<string, number>>;
}

/** What a way did with one number of jobs at once, all passes together. */
interface Found {
  count: number;
  tookMs: number;
  readonly cpuMs: Record<string, number>;
}

function createWays({ place, bare, peers }: { place: Place; bare: Servant; peers: Peers }): readonly Way[] {
  const { client } = place;
  const runJob = async () => client.waitForEnd(await client.submit({ automation: 'nothing' }));
  const add = (name: string, once: () => Promise<unknown>, pids: Way['pids']): Way => ({
    name,
    run: (options) => runMany(options, once),
    pids,
  });
  const { ssh, bullmq } = peers;
  const generator = process.pid;
  return [
    add('farhand', runJob, { hub: place.hub.pid, agent: place.agent.pid, generator }),
    ...(['execa', 'spawn'] as const).map((by) => ({
      name: by === 'execa' ? 'limit: bare execa spawn' : 'limit: bare child_process spawn',
      run: (options: object) => bare.ask({ type: 'many', by, ...options }, Rate),
      pids: { spawner: bare.pid },
    })),
    ...(bullmq === null
      ? []
      : (['always', 'everysec'] as const).map((fsync) =>
          add(`BullMQ, redis appendfsync ${fsync}`, () => bullmq[fsync].run('nothing'), {
            redis: bullmq[fsync].redisPid,
            worker: bullmq[fsync].workerPid,
            generator,
          }),
        )),
    ...(ssh === null ? [] : [add('ssh localhost, ControlMaster', () => ssh.run('shared', ['true']), {})]),
  ];
}

async function runPass(
  way: Way,
  found: Found,
  options: { readonly forMs: number; readonly atOnce: number },
): Promise<void> {
  const names = Object.entries(way.pids);
  const before = names.map(([, pid]) => readCpuMs(pid));
  const { count, tookMs } = await way.run(options);
  found.count += count;
  found.tookMs += tookMs;
  for (const [index, [name, pid]] of names.entries()) {
    found.cpuMs[name] = (found.cpuMs[name] ?? 0) + readCpuMs(pid) - (before[index] ?? 0);
  }
}

/** By number of jobs at once, then by way. Passes take turns, so that what else the machine does hits all ways alike. */
async function runAll(bench: Bench, ways: readonly Way[]): Promise<readonly (readonly Found[])[]> {
  const { atOnce, forMs, passes } = bench.sizes.jobs;
  const all: Found[][] = [];
  for (const count of atOnce) {
    bench.say(`${count} at once`);
    const found = ways.map((): Found => ({ count: 0, tookMs: 0, cpuMs: {} }));
    const warmUpMs = forMs * (all.length === 0 ? warmUpShares.first : warmUpShares.later);
    for (const way of ways) await way.run({ forMs: warmUpMs, atOnce: count });
    for (let pass = 0; pass < passes; pass += 1) {
      for (const [index, way] of ways.entries()) {
        const entry = found[index];
        if (entry !== undefined) await runPass(way, entry, { forMs, atOnce: count });
      }
    }
    all.push(found);
  }
  return all;
}

const toRate = (found: Found | undefined) => (found === undefined ? Number.NaN : (1000 * found.count) / found.tookMs);

function toTables(
  bench: Bench,
  ways: readonly Way[],
  all: readonly (readonly Found[])[],
  peers: Peers,
): readonly Table[] {
  const columns = bench.sizes.jobs.atOnce.map((count) => `${count} at once`);
  const ratesOf = (name: string) => {
    const index = ways.findIndex((way) => way.name === name);
    return all.map((found) => toRate(found[index]));
  };
  const ours = ratesOf('farhand');
  const compare = (what: string, name: string, target?: { readonly text: string; readonly percent: number }): Row => {
    const theirs = ratesOf(name);
    const best = (100 * Math.max(...ours)) / Math.max(...theirs);
    return {
      what,
      cells: theirs.map((rate, index) => (100 * (ours[index] ?? Number.NaN)) / rate),
      ...(target === undefined ? {} : { target: { text: target.text, met: best >= target.percent } }),
    };
  };
  const cpu = ways.flatMap(({ name, pids }, index) =>
    Object.keys(pids).map(
      (part): Row => ({
        what: `${name}: ${part}`,
        cells: all.map((found) => (found[index]?.cpuMs[part] ?? Number.NaN) / (found[index]?.count ?? 0)),
      }),
    ),
  );
  return [
    {
      title: 'No-op jobs per second',
      columns,
      rows: [
        ...ways.map(({ name }) => ({ what: name, cells: ratesOf(name) })),
        compare('farhand, % of bare execa', 'limit: bare execa spawn', { text: 'best of each: ≥ 40 %', percent: 40 }),
        ...(peers.bullmq === null
          ? []
          : [
              compare('farhand, % of BullMQ, always', 'BullMQ, redis appendfsync always', {
                text: 'goal: ≥ 100 %',
                percent: 100,
              }),
              compare('farhand, % of BullMQ, everysec', 'BullMQ, redis appendfsync everysec'),
            ]),
      ],
      notes: peers.missing,
    },
    {
      title: 'CPU time per no-op job, ms',
      columns,
      rows: cpu,
      notes: [
        'Of these processes alone: the jobs’ own processes, and the shells that start them, are not in it. The generator is the process that submits and waits.',
      ],
    },
  ];
}

/** The rates say nothing if jobs failed: the hub counts those that succeeded. */
async function checkOutcomes(place: Place, submitted: number): Promise<void> {
  const name = 'farhand_hub_jobs_ended_total{state="succeeded",cause="exit-code"}';
  const succeeded = await place.client.metric(name);
  if (succeeded < submitted) throw new Error(`expected ${submitted} jobs to succeed, ${name} is ${succeeded}`);
}

export const jobs: Measure = {
  name: 'jobs',
  about: 'no-op jobs per second, several at once, and what each costs',
  async run(bench) {
    const slots = Math.max(...bench.sizes.jobs.atOnce);
    const automations = { nothing: { kind: 'command', run: ['true'] } };
    await using place = await createPlace(bench, { slots, automations, probes: 'none' });
    await using bare = await startServant(bench.workplace, bench.servant('spawner'));
    await using peers = await openPeers(bench, { atOnce: slots });
    const ways = createWays({ place, bare, peers });
    const all = await runAll(bench, ways);
    await checkOutcomes(
      place,
      all.reduce((sum, [ours]) => sum + (ours?.count ?? 0), 0),
    );
    return toTables(bench, ways, all, peers);
  },
};
