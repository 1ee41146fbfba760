import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Bench, Measure } from '../bench.ts';
import { type CrowdAnswer, Crowds } from '../crowd/crowds.ts';
import type { Daemon } from '../daemon.ts';
import { findFreePort } from '../free-port.ts';
import { startBullmqPeer } from '../peers/bullmq-peer.ts';
import { connectToHub, startHub } from '../place.ts';
import { type Memory, readCpuMs, readMemory } from '../process-facts.ts';
import type { Row, Table } from '../report/table.ts';
import { startServant } from '../servant.ts';

/** Dials at once when the agents start for the first time: somebody starts them, one rack after the other. */
const dialsAtOnce = 64;
/** Of the agents: before the rest come. The difference leaves out what the first of them cost. */
const firstPart = 0.2;
const pollMs = 20;
/** A hub that takes longer than this for all of its agents is not waited for. */
const patienceMs = 300_000;
/** Jobs that nobody can take: whether a crash loses any. */
const waitingJobs = 50;

interface Point {
  readonly agents: number;
  readonly memory: Memory;
  /** CPU of the hub, percent of a core, while nothing happens. */
  readonly cpuPercent: number;
}

/** After a SIGKILL: from the start of the next hub to the last agent, agreed by both sides; null when patience was over before. */
interface Restart {
  readonly tookMs: number | null;
  readonly hubCpuMs: number;
  readonly crowd: CrowdAnswer;
}

interface Found {
  readonly enrol: CrowdAnswer;
  readonly dial: CrowdAnswer;
  readonly points: readonly Point[];
  readonly restart: Restart;
  /** With jobs that wait. */
  readonly waiting: Point;
  readonly waitingRestart: Restart;
  /** Of the processes of all simulated agents. */
  readonly crowdBytes: number;
}

/** False when the hub does not say so soon, of agents that believe that they are online. */
async function isSoonOnline(hub: Daemon, count: number): Promise<boolean> {
  using client = connectToHub(hub);
  for (const deadline = performance.now() + patienceMs / 10; performance.now() < deadline; await delay(pollMs)) {
    if ((await client.metric('farhand_hub_agents{state="online"}')) === count) return true;
  }
  return false;
}

/** Throws when they do not come: nothing else can be measured then. */
async function dialAll(hub: Daemon, crowd: Crowds, count: number): Promise<CrowdAnswer> {
  const answer = await crowd.dial(count, { atOnce: dialsAtOnce, patienceMs });
  if (answer.up < count || !(await isSoonOnline(hub, count)))
    throw new Error(`expected ${count} agents to be online within ${patienceMs / 1000} s, ${answer.up} are`);
  return answer;
}

async function look(hub: Daemon, agents: number, settleMs: number): Promise<Point> {
  await delay(settleMs / 2);
  const before = readCpuMs(hub.pid);
  await delay(settleMs);
  const cpuPercent = (100 * (readCpuMs(hub.pid) - before)) / settleMs;
  return { agents, memory: readMemory(hub.pid), cpuPercent };
}

/** A hub that begins with these agents enrolled and nobody there: what enrolling left in memory is gone. */
async function lookAtGrowth(bench: Bench, hub: Daemon, crowd: Crowds): Promise<Pick<Found, 'dial' | 'points'>> {
  const { count, settleMs } = bench.sizes.agents;
  const first = Math.ceil(count * firstPart);
  const nobody = await look(hub, 0, settleMs / 3);
  await dialAll(hub, crowd, first);
  const few = await look(hub, first, settleMs / 3);
  const dial = await dialAll(hub, crowd, count);
  const all = await look(hub, count, settleMs);
  return { dial, points: [nobody, few, all] };
}

async function enrolAll(bench: Bench, hub: Daemon, crowd: Crowds): Promise<CrowdAnswer> {
  const { count, maxRetryMs } = bench.sizes.agents;
  using client = connectToHub(hub);
  return crowd.enrol({
    hubUrl: hub.address,
    wire: 'websocket',
    joinToken: await client.createJoinToken(count),
    maxRetryMs,
  });
}

/** Jobs that no agent offers anything for. */
async function submitWaiting(hub: Daemon): Promise<void> {
  using client = connectToHub(hub);
  for (let left = waitingJobs; left > 0; left -= 1) await client.submit({ automation: 'nobody-has-this' });
}

async function checkWaiting(hub: Daemon): Promise<void> {
  using client = connectToHub(hub);
  const kept = await client.metric('farhand_hub_jobs{state="queued"}');
  if (kept !== waitingJobs) throw new Error(`expected ${waitingJobs} jobs to wait as before the crash, ${kept} do`);
}

async function runHubs(bench: Bench): Promise<Found> {
  const { count, settleMs } = bench.sizes.agents;
  const place = { data: bench.workplace.path('hub'), port: await findFreePort() };
  await using crowd = await Crowds.start(bench, count);
  let hub = await startHub(bench, place);
  const restart = async (): Promise<Restart> => {
    bench.say('killing the hub');
    await hub.kill();
    await crowd.awaitDown(patienceMs);
    const from = performance.now();
    hub = await startHub(bench, place);
    const returned = await crowd.awaitUp(patienceMs);
    const all = returned.up === count && (await isSoonOnline(hub, count));
    return { tookMs: all ? performance.now() - from : null, hubCpuMs: readCpuMs(hub.pid), crowd: returned };
  };

  bench.say(`enrolling ${count}`);
  const enrol = await enrolAll(bench, hub, crowd);
  await hub[Symbol.asyncDispose]();
  bench.say('letting them dial');
  hub = await startHub(bench, place);
  const grown = await lookAtGrowth(bench, hub, crowd);
  const crowdBytes = crowd.residentBytes;
  const afterCrash = await restart();
  await submitWaiting(hub);
  const waiting = await look(hub, count, settleMs);
  const waitingRestart = await restart();
  await checkWaiting(hub);
  await hub[Symbol.asyncDispose]();
  return { enrol, ...grown, restart: afterCrash, waiting, waitingRestart, crowdBytes };
}

/** Bytes of a `ws` server for each connection that says nothing. */
async function lookAtBareSockets(bench: Bench): Promise<Memory> {
  const { count, settleMs } = bench.sizes.agents;
  await using server = await startServant(bench.workplace, bench.servant('websocket-echo'));
  await using clients = await startServant(bench.workplace, bench.servant('websocket-crowd'));
  const { port } = await server.ask({ type: 'port' }, z.object({ port: z.int() }));
  await delay(settleMs / 6);
  const before = readMemory(server.pid);
  await clients.ask({ port, count }, z.object({ open: z.int() }));
  await delay(settleMs / 2);
  return perAgent(readMemory(server.pid), before, count);
}

/** What a redis-server takes for each worker that waits. */
async function lookAtBullmq(bench: Bench): Promise<Memory> {
  const { peers, settleMs } = bench.sizes.agents;
  const memory = async (workers: number) => {
    await using peer = await startBullmqPeer(bench, { fsync: 'always', atOnce: 1, workers });
    await delay(settleMs / 6);
    return readMemory(peer.redisPid);
  };
  const one = await memory(1);
  return perAgent(await memory(peers), one, peers - 1);
}

function perAgent(more: Memory, less: Memory, count: number): Memory {
  return {
    residentBytes: (more.residentBytes - less.residentBytes) / count,
    proportionalBytes: (more.proportionalBytes - less.proportionalBytes) / count,
  };
}

const toCells = ({ residentBytes, proportionalBytes }: Memory) => [residentBytes / 1000, proportionalBytes / 1000];

function toMemoryTable({ points }: Found, bare: Memory, bullmq: Memory | string | null): Table {
  const [nobody, few, all] = points;
  if (nobody === undefined || few === undefined || all === undefined)
    throw new Error('expected three looks at the hub');
  const whole = perAgent(all.memory, nobody.memory, all.agents);
  const rows: Row[] = [
    {
      what: `hub: per idle agent, of ${all.agents}`,
      cells: toCells(whole),
      target: { text: 'RSS ≤ 25 KB', met: whole.residentBytes <= 25_000 },
    },
    {
      what: `hub: per idle agent, those after the first ${few.agents}`,
      cells: toCells(perAgent(all.memory, few.memory, all.agents - few.agents)),
    },
    { what: 'limit: bare `ws` server, per connection', cells: toCells(bare) },
  ];
  if (bullmq !== null && typeof bullmq !== 'string') {
    rows.push({ what: 'BullMQ: redis-server, per waiting worker', cells: toCells(bullmq) });
  }
  return {
    title: 'Memory of a hub per idle agent, KB',
    columns: ['RSS', 'PSS'],
    rows,
    notes: [
      `The hub has ${(nobody.memory.residentBytes / 1e6).toFixed(0)} MB with nobody there and ${(all.memory.residentBytes / 1e6).toFixed(0)} MB with all; what waits for the collector is in it, the kernel’s own memory for sockets is not.`,
      ...(typeof bullmq === 'string' ? [`BullMQ is missing: ${bullmq}.`] : []),
    ],
  };
}

function toTimesTable(count: number, found: Found): Table {
  const { enrol, dial, points, restart, waiting, waitingRestart, crowdBytes } = found;
  const first = Math.ceil(count * firstPart);
  const [nobody, , all] = points;
  const restartRows = (what: string, { tookMs, hubCpuMs, crowd }: Restart): readonly Row[] => [
    { what, cells: [tookMs === null ? `> ${patienceMs / 1000}` : tookMs / 1000, 's'] },
    { what: 'CPU of the hub for that', cells: [hubCpuMs / 1000, 's'] },
    { what: 'CPU of all simulated agents for that', cells: [crowd.cpuMs / 1000, 's'] },
  ];
  const [killed, ...cpu] = restartRows('hub killed, started again: its start → all online', restart);
  const rows: Row[] = [
    {
      what: 'agents online on one hub',
      cells: [count, ''],
      target: { text: '10,000 (`--agents 10000`)', met: count >= 10_000 ? true : null },
    },
    { what: 'enrolled per second', cells: [(1000 * count) / enrol.tookMs, '1/s'] },
    { what: `came online per second, ${dialsAtOnce} at once`, cells: [(1000 * (count - first)) / dial.tookMs, '1/s'] },
    { what: 'CPU of the hub with nobody there', cells: [nobody?.cpuPercent ?? null, '% of a core'] },
    { what: 'CPU of the hub with all of them idle', cells: [all?.cpuPercent ?? null, '% of a core'] },
    {
      what: `the same with ${waitingJobs} jobs that no agent can take`,
      cells: [waiting.cpuPercent, '% of a core'],
    },
  ];
  if (killed !== undefined) {
    const met = count >= 5000 ? (restart.tookMs ?? Number.POSITIVE_INFINITY) <= 20_000 : null;
    rows.push({ ...killed, target: { text: 'with 5,000: ≤ 20 s', met } }, ...cpu);
  }
  rows.push(...restartRows(`the same with these ${waitingJobs} jobs`, waitingRestart));
  const whys = Object.entries(waitingRestart.crowd.whys).map(([why, times]) => `${why} ${times}`);
  return {
    title: `A hub with ${count} agents`,
    columns: ['', 'unit'],
    rows,
    notes: [
      `Simulated agents, up to 2,500 in a process, each with its own key, websocket, link and resources, on the same cores as the hub: ${(crowdBytes / 1000 / count).toFixed(0)} KB of theirs for each. The hub was killed with SIGKILL; the ${waitingJobs} jobs were there behind it. Why channels ended or could not be had: ${whys.join(', ')}.`,
    ],
  };
}

export const agents: Measure = {
  name: 'agents',
  about: 'thousands of agents on one hub: memory for each, and all of them back after a crash',
  async run(bench) {
    const found = await runHubs(bench);
    const bare = await lookAtBareSockets(bench);
    const bullmq = bench.peers.has('bullmq')
      ? await lookAtBullmq(bench).catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      : null;
    return [toTimesTable(bench.sizes.agents.count, found), toMemoryTable(found, bare, bullmq)];
  },
};
