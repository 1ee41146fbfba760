import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Measure } from '../bench.ts';
import { type BareJobs, openBareJobs } from '../kubernetes/bare-jobs.ts';
import { readAgentCalls, readServerCalls, subtract } from '../kubernetes/call-counts.ts';
import { type CountedWay, toCallTable } from '../kubernetes/call-table.ts';
import { type Cluster, startCluster } from '../kubernetes/cluster.ts';
import { type ClusterPlace, createClusterPlace, jobImage } from '../kubernetes/cluster-place.ts';
import { machineMomentCommand, parseMachineMoment, readMachineMoment } from '../kubernetes/machine-moment.ts';
import { readCpuMs, readMemory } from '../process-facts.ts';
import { quantile } from '../report/quantile.ts';
import type { Row, Table } from '../report/table.ts';
import { runMany } from '../run-many.ts';

const runnerImage = 'localhost/farhand:bench';
const patienceMs = 240_000;
const pollMs = 250;

const waysOfFarhand = ['kubelet', 'runner'] as const;
type WayOfFarhand = (typeof waysOfFarhand)[number];
const words: Readonly<Record<WayOfFarhand, string>> = {
  kubelet: 'farhand, log of the kubelet',
  runner: 'farhand, with a runner',
};

type Places = Readonly<Record<WayOfFarhand, ClusterPlace | null>>;

interface Given {
  readonly bench: Bench;
  readonly cluster: Cluster;
  readonly places: Places;
  readonly bare: BareJobs;
}

function placesOf(places: Places): readonly (readonly [WayOfFarhand, ClusterPlace])[] {
  return waysOfFarhand.flatMap((way) => (places[way] === null ? [] : [[way, places[way]] as const]));
}

interface Round {
  readonly startedMs: number;
  readonly knownMs: number;
}

interface Way {
  readonly name: string;
  once(): Promise<Round>;
  readonly taken: Round[];
}

/** By the clock of the machine: from the submission until the container's first command ran, and until whoever asked knows the result. */
async function timed(run: () => Promise<string>, readLog?: (name: string) => Promise<string>): Promise<Round> {
  const from = readMachineMoment();
  const answer = await run();
  const knownMs = readMachineMoment() - from;
  const printed = readLog === undefined ? answer : await readLog(answer);
  return { startedMs: parseMachineMoment(printed) - from, knownMs };
}

function createWays({ cluster, places, bare }: Given): readonly Way[] {
  const kubectl = (...args: readonly string[]) => cluster.kubectl(...args);
  const command = [...machineMomentCommand];
  let made = 0;
  return [
    ...placesOf(places).map(([way, { client }]) => ({
      name: words[way],
      taken: [],
      once: () =>
        timed(async () => {
          const id = await client.submit({ automation: 'moment' });
          const log = await client.followLog(id);
          await client.checkSuccess(id);
          return log;
        }),
    })),
    {
      name: 'kubectl create job, wait, logs',
      taken: [],
      async once() {
        made += 1;
        const job = `job/kubectl-${made}`;
        const round = await timed(async () => {
          await kubectl('create', 'job', `kubectl-${made}`, `--image=${jobImage}`, '--', ...command);
          await kubectl('wait', '--for=condition=complete', job, '--timeout=60s');
          return kubectl('logs', job);
        });
        await kubectl('delete', job, '--wait=false');
        return round;
      },
    },
    {
      name: 'limit: one call that makes a Job, and a watch',
      taken: [],
      async once() {
        let name = '';
        const run = async () => (name = await bare.run(command));
        const round = await timed(run, () => kubectl('logs', `job/${name}`));
        await bare.remove(name);
        return round;
      },
    },
  ];
}

async function measureLatency(given: Given): Promise<Table> {
  const { rounds } = given.bench.sizes.kubernetes;
  const ways = createWays(given);
  for (const way of ways) await way.once();
  // One of each in turn: the node is never the same for long.
  for (let round = 0; round < rounds; round += 1) for (const way of ways) way.taken.push(await way.once());
  const least = ways.at(-1)?.taken ?? [];
  return {
    title: 'A job in a cluster: submit → container at work, → result known, ms',
    columns: ['at work, p50', 'least', 'over the limit, p50 of pairs', 'result known, p50', 'rounds'],
    rows: ways.map(({ name, taken }): Row => {
      const started = taken.map(({ startedMs }) => startedMs);
      const over = started.map((ms, index) => ms - (least[index]?.startedMs ?? 0));
      const known = taken.map(({ knownMs }) => knownMs);
      return {
        what: name,
        cells: [quantile(started, 0.5), quantile(started, 0), quantile(over, 0.5), quantile(known, 0.5), rounds],
      };
    }),
    notes: [
      'At work: when `cat /proc/uptime` of the container ran, to 10 ms. farhand’s result has its log in the hub’s store; kubectl’s are three calls of the program; of the limit the watch has told that the Job is complete, and nothing was read.',
    ],
  };
}

interface Throughput extends CountedWay {
  readonly perMinute: number;
  readonly agentCpuMs: number | null;
  readonly waitedMs: number | null;
}

function readNumber(metrics: string, name: string): number {
  const line = metrics.split('\n').find((text) => text.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function measureThroughput(
  { bench, cluster }: Given,
  way: { readonly name: string; readonly place: ClusterPlace | null; readonly once: () => Promise<unknown> },
): Promise<Throughput> {
  const { atOnce, forMs } = bench.sizes.kubernetes;
  const { name, place, once } = way;
  const look = async () => ({
    server: readServerCalls(await cluster.kubectl('get', '--raw', '/metrics')),
    agent: place === null ? '' : await place.agentMetrics(),
    cpuMs: place === null ? 0 : readCpuMs(place.agent.pid),
  });
  const before = await look();
  const { count, tookMs } = await runMany({ forMs, atOnce }, once);
  // What was released is deleted behind.
  await delay(2_000);
  const after = await look();
  const waited = 'farhand_agent_kubernetes_waited_seconds_total';
  const agentCalls = place === null ? null : subtract(readAgentCalls(after.agent), readAgentCalls(before.agent));
  return {
    name,
    count,
    perMinute: (count / tookMs) * 60_000,
    agentCpuMs: place === null ? null : after.cpuMs - before.cpuMs,
    waitedMs: place === null ? null : 1000 * (readNumber(after.agent, waited) - readNumber(before.agent, waited)),
    agentCalls,
    serverCalls: subtract(after.server, before.server),
  };
}

async function measureAllThroughput(given: Given): Promise<readonly Table[]> {
  const { bare, bench, places } = given;
  const { atOnce } = bench.sizes.kubernetes;
  const ways = [
    ...placesOf(places).map(([way, place]) => ({
      name: words[way],
      place,
      once: async () => place.client.waitForEnd(await place.client.submit({ automation: 'nothing' })),
    })),
    {
      name: 'limit: one call that makes a Job, a watch, one that deletes it',
      place: null,
      once: async () => bare.remove(await bare.run(['true'])),
    },
  ];
  const found: Throughput[] = [];
  for (const way of ways) found.push(await measureThroughput(given, way));
  const limit = found.at(-1);
  return [
    {
      title: `Pods a minute, ${atOnce} at once`,
      columns: [
        'pods a minute',
        '% of the limit',
        'CPU of the agent per job, ms',
        'waits for its own limit, ms a job',
        'jobs',
      ],
      rows: found.map(({ name, perMinute, count, agentCpuMs, waitedMs }) => ({
        what: name,
        cells: [
          perMinute,
          (100 * perMinute) / (limit?.perMinute ?? 1),
          agentCpuMs === null ? null : agentCpuMs / count,
          waitedMs === null ? null : waitedMs / count,
          count,
        ],
      })),
      notes: ['The node, its API server and the controllers run on the same cores.'],
    },
    toCallTable(found),
  ];
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + patienceMs; !(await isSo()); await delay(pollMs)) {
    if (performance.now() > deadline) throw new Error(`expected ${what} within ${patienceMs} ms`);
  }
}

async function measureMemory(given: Given): Promise<Table> {
  const { settleMs, pods, runnerPods } = given.bench.sizes.kubernetes;
  const rows: Row[] = [];
  for (const [way, place] of placesOf(given.places)) {
    const count = way === 'runner' ? runnerPods : pods;
    const { agent, client } = place;
    const before = readMemory(agent.pid);
    for (let left = count; left > 0; left -= 1) await client.submit({ automation: 'rest' });
    const state = 'farhand_agent_kubernetes_jobs{state="running"}';
    await until(`${count} pods`, async () => readNumber(await place.agentMetrics(), state) === count);
    await delay(settleMs);
    const more = readMemory(agent.pid).residentBytes - before.residentBytes;
    rows.push({
      what: `${words[way]}: of ${count}`,
      cells: [before.residentBytes / 1e6, more / 1e6, ((more / 1e6) * 100) / count],
    });
    // Its pods go with the cluster.
    await agent.kill();
  }
  return {
    title: 'Memory of the agent, RSS, MB',
    columns: ['before', 'added by them', 'added per 100 running pods'],
    rows,
    notes: ['Before: after the jobs of the tables above.'],
  };
}

async function run(bench: Bench): Promise<readonly Table[]> {
  await using cluster = await startCluster(bench.workplace);
  if (cluster === null) {
    const why = 'Nothing was measured: KUBE_PEER names no folder of commands that start a Kubernetes.';
    return [{ title: 'A job in a cluster', columns: [], rows: [{ what: 'not measured', cells: [] }], notes: [why] }];
  }
  const { pods, runnerPods } = bench.sizes.kubernetes;
  const archive = process.env['IMAGE_ARCHIVE'];
  if (archive !== undefined) await cluster.loadImage(archive, runnerImage);
  await using opened = new AsyncDisposableStack();
  const kubelet = opened.use(await createClusterPlace(bench, { cluster, slots: pods, runner: null }));
  const runner =
    archive === undefined
      ? null
      : opened.use(await createClusterPlace(bench, { cluster, slots: runnerPods, runner: runnerImage }));
  const bare = opened.use(openBareJobs(cluster, jobImage));
  const given: Given = { bench, cluster, bare, places: { kubelet, runner } };
  const missing =
    runner === null
      ? [
          'Pods with a runner are missing: IMAGE_ARCHIVE names no image of farhand (`deploy/container/make-image FILE` makes one).',
        ]
      : [];
  const latency = await measureLatency(given);
  const throughput = await measureAllThroughput(given);
  const memory = await measureMemory(given);
  return [{ ...latency, notes: [...latency.notes, ...missing] }, ...throughput, memory];
}

export const kubernetes: Measure = {
  name: 'kubernetes',
  about: 'jobs as pods of a cluster: start, pods a minute, requests, memory; needs KUBE_PEER',
  run,
};
