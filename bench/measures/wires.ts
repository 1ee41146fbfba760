import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Bench, Measure } from '../bench.ts';
import { Crowds } from '../crowd/crowds.ts';
import { type LogText, writeLogText } from '../log-text.ts';
import { momentCommand, parseMoment } from '../moment.ts';
import { connectToHub, createPlace, type Place, startHub } from '../place.ts';
import { readMemory } from '../process-facts.ts';
import { startRelay } from '../relay.ts';
import { quantile } from '../report/quantile.ts';
import type { Row, Table } from '../report/table.ts';
import { runMany } from '../run-many.ts';
import { createWallClock } from '../wall-clock.ts';
import { type Wire, wires } from '../wire.ts';

/** What was found on a wire, in the order in which it is told. */
interface Found {
  readonly startedMs: number[];
  readonly endedMs: number[];
  /** By number of jobs at once. */
  readonly rates: Map<number, number[]>;
  readonly logRates: number[];
  readonly onlineMs: number[];
  readonly onlineBytes: number[];
  readonly agentBytes: number[];
  perAgentBytes: number;
}

type Side = { readonly wire: Wire; readonly place: Place; readonly found: Found };

const Digest = z.object({ bytes: z.int(), sha256: z.string() });

/** Rounds of one wire before the other has its turn. */
const turn = 10;
const logPasses = 3;
/** From so few, a 99th percentile would be the slowest of all. */
const fewestForP99 = 100;
const dialsAtOnce = 64;
const patienceMs = 300_000;
/** Of the agents: before the rest come. The difference leaves out what the first of them cost. */
const firstPart = 0.2;

async function takeLatency({ place: { client }, found }: Side): Promise<void> {
  const now = createWallClock();
  const from = now();
  const id = await client.submit({ automation: 'moment' });
  const printed = await client.followLog(id);
  await client.checkSuccess(id);
  found.endedMs.push(now() - from);
  found.startedMs.push(parseMoment(printed) - from);
}

async function compareLatency({ sizes }: Bench, sides: readonly Side[]): Promise<void> {
  const { rounds } = sizes.latency;
  for (const { place } of sides) {
    for (let round = 0; round < rounds / 10; round += 1) {
      await place.client.waitForEnd(await place.client.submit({ automation: 'moment' }));
    }
  }
  while (sides.some(({ found }) => found.startedMs.length < rounds)) {
    for (const side of sides) {
      for (let left = turn; left > 0 && side.found.startedMs.length < rounds; left -= 1) await takeLatency(side);
    }
  }
}

async function compareRates({ sizes }: Bench, sides: readonly Side[]): Promise<void> {
  const { atOnce, forMs, passes } = sizes.jobs;
  for (const count of atOnce) {
    // The first pass of each warms up.
    for (let pass = 0; pass <= passes; pass += 1) {
      for (const { place, found } of sides) {
        const runJob = async () => place.client.waitForEnd(await place.client.submit({ automation: 'nothing' }));
        const { count: ended, tookMs } = await runMany({ forMs, atOnce: count }, runJob);
        if (pass > 0) found.rates.set(count, [...(found.rates.get(count) ?? []), (1000 * ended) / tookMs]);
      }
    }
  }
}

async function compareLogs({ sizes }: Bench, sides: readonly Side[], text: LogText): Promise<void> {
  const expected = text.expect(sizes.log.bigMb, { masked: false });
  for (let pass = 0; pass < logPasses; pass += 1) {
    for (const { wire, place, found } of sides) {
      const from = performance.now();
      const id = await place.client.submit({ automation: 'flood' });
      await place.client.waitForEnd(id);
      const tookMs = performance.now() - from;
      const { bytes, sha256 } = Digest.parse((await place.client.checkSuccess(id)).log);
      if (bytes !== expected.bytes || sha256 !== expected.sha256)
        throw new Error(`${wire}: expected ${expected.bytes} bytes, ${expected.sha256}; got ${bytes}, ${sha256}`);
      found.logRates.push(expected.bytes / 1000 / tookMs);
    }
  }
}

/** The agents start anew, with nothing to do: how soon they are online, what was said until then and a while after, and what they take. */
async function compareStarts({ sizes }: Bench, sides: readonly Side[]): Promise<void> {
  for (const { place } of sides) await place.agent[Symbol.asyncDispose]();
  for (let round = 0; round < sizes.start.rounds; round += 1) {
    for (const { place, found } of sides) {
      await using relay = await startRelay(place.hub.address);
      await using agent = await place.startAgent(relay.address);
      found.onlineMs.push(agent.ready.ms);
      await delay(sizes.memory.settleMs / 4);
      found.onlineBytes.push(relay.bytes);
      found.agentBytes.push(readMemory(agent.pid).residentBytes);
    }
  }
}

/** What a hub takes for each agent that is online and idle. */
async function measureCrowd(bench: Bench, wire: Wire): Promise<number> {
  const { count, settleMs, maxRetryMs } = bench.sizes.agents;
  const data = bench.workplace.path(`hub-${wire}`);
  await using crowd = await Crowds.start(bench, count);
  await using hub = await startHub(bench, { data, port: 0 });
  using client = connectToHub(hub);
  await crowd.enrol({ hubUrl: hub.address, wire, joinToken: await client.createJoinToken(count), maxRetryMs });
  const first = Math.ceil(count * firstPart);
  const points: number[] = [];
  for (const agents of [first, count]) {
    const { up } = await crowd.dial(agents, { atOnce: dialsAtOnce, patienceMs });
    if (up < agents) throw new Error(`${wire}: expected ${agents} agents to be online, ${up} are`);
    await delay(settleMs / 2);
    points.push(readMemory(hub.pid).residentBytes);
  }
  const [few = 0, all = 0] = points;
  return (all - few) / (count - first);
}

function toTable(bench: Bench, sides: readonly Side[]): Table {
  const row = (what: string, pick: (found: Found) => number): Row => {
    const [websocket = Number.NaN, grpc = Number.NaN] = sides.map(({ found }) => pick(found));
    return { what, cells: [websocket, grpc, (100 * grpc) / websocket] };
  };
  const { atOnce } = bench.sizes.jobs;
  return {
    title: 'websocket and gRPC side by side',
    columns: [...wires, 'gRPC, % of websocket'],
    rows: [
      row('submit → process started, p50, ms', ({ startedMs }) => quantile(startedMs, 0.5)),
      row('submit → process started, p99, ms', ({ startedMs }) =>
        startedMs.length < fewestForP99 ? Number.NaN : quantile(startedMs, 0.99),
      ),
      row('submit → result known, p50, ms', ({ endedMs }) => quantile(endedMs, 0.5)),
      ...atOnce.map((count) =>
        row(`no-op jobs per second, ${count} at once`, ({ rates }) => quantile(rates.get(count) ?? [], 0.5)),
      ),
      row(`log of ${bench.sizes.log.bigMb} MiB, MB/s, digest checked`, ({ logRates }) => quantile(logRates, 0.5)),
      row('agent: start → online, ms', ({ onlineMs }) => quantile(onlineMs, 0.5)),
      row('bytes of a link that comes up, with its resync, both ways', ({ onlineBytes }) => quantile(onlineBytes, 0.5)),
      row('agent, idle: RSS, MB', ({ agentBytes }) => quantile(agentBytes, 0.5) / 1e6),
      row('hub: RSS per idle agent, KB', ({ perAgentBytes }) => perAgentBytes / 1e3),
    ],
    notes: [
      'Plaintext, on this machine. A hub and an agent for each wire, which take turns; medians unless it says otherwise.',
      `The bytes of a link: of an agent that is enrolled and has nothing to do, from its start until ${bench.sizes.memory.settleMs / 4} ms after it is online. It is dialled through a relay that counts.`,
      `Per idle agent: from ${firstPart * 100} % of ${bench.sizes.agents.count} simulated agents to all of them.`,
    ],
  };
}

function createFound(): Found {
  return {
    startedMs: [],
    endedMs: [],
    rates: new Map(),
    logRates: [],
    onlineMs: [],
    onlineBytes: [],
    agentBytes: [],
    perAgentBytes: Number.NaN,
  };
}

export const wiresSideBySide: Measure = {
  name: 'wires',
  about: 'all that depends on the wire, with websocket and gRPC in the same table',
  async run(bench) {
    const text = await writeLogText(bench.workplace.path('text'));
    const automations = {
      moment: { kind: 'command', run: momentCommand },
      nothing: { kind: 'command', run: ['true'] },
      flood: { kind: 'command', run: ['cat', ...Array.from({ length: bench.sizes.log.bigMb }, () => text.path)] },
    };
    const slots = Math.max(...bench.sizes.jobs.atOnce);
    const sides: Side[] = [];
    {
      await using opened = new AsyncDisposableStack();
      for (const wire of wires) {
        const place = opened.use(await createPlace(bench, { slots, automations, probes: 'none', wire }));
        sides.push({ wire, place, found: createFound() });
      }
      bench.say('one job at a time');
      await compareLatency(bench, sides);
      bench.say('jobs at once');
      await compareRates(bench, sides);
      bench.say('logs');
      await compareLogs(bench, sides, text);
      bench.say('starts');
      await compareStarts(bench, sides);
    }
    for (const { wire, found } of sides) {
      bench.say(`${bench.sizes.agents.count} idle agents over ${wire}`);
      found.perAgentBytes = await measureCrowd(bench, wire);
    }
    return [toTable(bench, sides)];
  },
};
