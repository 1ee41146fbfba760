import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type CloudEvent, parseCloudEvent } from '../../protocol/cloud-event.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { type AgentClient, createAgentClient } from '../../sync/agent-client.ts';
import { createEventRouter, type EventRouter } from '../../sync/event-router.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import { createSequenceIds } from '../../sync/sequence-ids.ts';
import { createSourceClient, type SourceClient } from '../../sync/source-client.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import type { Measure } from '../bench.ts';
import type { Row } from '../report/table.ts';

const Thing = z.object({ text: z.string(), serial: z.int() });
type Thing = z.infer<typeof Thing>;

/** A modest status, so that comparing stands beside something realistic. */
const text = 'x'.repeat(500);
const cluster = 'agent';
/** So long without an event: the link has come to rest. */
const quietMs = 300;

/** A source and an agent with clients that outlive links, as those of a hub and an agent do. */
interface World {
  readonly things: Map<string, Thing>;
  readonly told: Map<string, Thing>;
  readonly source: SourceClient<null>;
  readonly agent: AgentClient;
}

interface Cost {
  readonly events: number;
  readonly bytes: number;
  /** To the last event. */
  readonly tookMs: number;
  readonly cpuMs: number;
}

function createWorld(): World {
  const things = new Map<string, Thing>();
  const told = new Map<string, Thing>();
  const codec = createJsonCodec({
    resource: 'io.farhand.bench.things',
    deleteUnknown: false,
    newerStatus: 'apply',
    digests: true,
    spec: z.null(),
    status: Thing,
  });
  const common = {
    codec,
    cluster,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    counters: createSyncCounters(),
    options: defaultSyncOptions,
  };
  const source = createSourceClient<null, Thing>({
    ...common,
    source: 'hub',
    specs: { versions: async () => [], get: async () => null },
    sink: {
      held: async () => [],
      apply: async ({ id, status }) => void told.set(id, status),
      forget: async (id) => void told.delete(id),
    },
  });
  const agent = createAgentClient<null, Thing>({
    ...common,
    source: cluster,
    originalSource: '',
    statuses: {
      list: async () => [...things].map(([id, status]) => ({ id, status })),
      get: async (id) => things.get(id) ?? null,
    },
    handler: { apply: async () => {} },
    sequenceIds: createSequenceIds(systemClock),
  });
  return { things, told, source, agent };
}

/** One link from its beginning until it rests: real bytes, which take no time. */
async function connect({ source, agent }: World): Promise<Cost> {
  const route = (client: SourceClient<null> | AgentClient): EventRouter =>
    createEventRouter({
      cluster,
      clients: [client],
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      counters: createSyncCounters(),
      options: defaultSyncOptions,
    });
  const [up, down] = [route(source), route(agent)];
  const cut = new AbortController();
  const from = performance.now();
  const cpu = process.cpuUsage();
  let [events, bytes, last] = [0, 0, from];
  const carry = (receiver: EventRouter) => async (event: CloudEvent) => {
    const sent = JSON.stringify(event);
    events += 1;
    bytes += Buffer.byteLength(sent);
    last = performance.now();
    setImmediate(() => {
      if (!cut.signal.aborted) receiver.receive(parseCloudEvent(sent));
    });
  };
  const served = Promise.all([
    up.serve(carry(down), { signal: cut.signal }),
    down.serve(carry(up), { signal: cut.signal }),
  ]);
  while (performance.now() - last < quietMs) await delay(quietMs / 3);
  const { user, system } = process.cpuUsage(cpu);
  cut.abort();
  await served;
  return { events, bytes, tookMs: last - from, cpuMs: (user + system) / 1000 };
}

function change(world: World, count: number, serial: number): void {
  for (const id of [...world.things.keys()].slice(0, count)) world.things.set(id, { text, serial });
}

export const resync: Measure = {
  name: 'resync',
  about: 'bytes to compare ten thousand resources, unchanged and with a few changed',
  async run({ sizes }) {
    const { count } = sizes.resync;
    const world = createWorld();
    for (let index = 0; index < count; index += 1) world.things.set(`thing-${index}`, { text, serial: 0 });
    const full = await connect(world);
    const costs: [string, Cost][] = [
      [`all ${count} sent`, full],
      ['nothing changed', await connect(world)],
    ];
    for (const changed of [10, 100]) {
      change(world, changed, changed);
      costs.push([`${changed} changed`, await connect(world)]);
      const right = [...world.things].filter(([id, thing]) => world.told.get(id)?.serial === thing.serial).length;
      if (right !== count) throw new Error(`expected both sides to agree on ${count} resources, they do on ${right}`);
    }
    await world.agent[Symbol.asyncDispose]();
    await world.source[Symbol.asyncDispose]();

    const percent = ({ bytes }: Cost) => (100 * bytes) / full.bytes;
    const [, , ten, hundred] = costs.map(([, cost]) => cost);
    const rows = costs.map(([what, cost]): Row => {
      const cells = [cost.events, cost.bytes, percent(cost), cost.tookMs, cost.cpuMs];
      if (what === 'nothing changed') return { what, cells, target: { text: '≤ 5 % of all', met: percent(cost) <= 5 } };
      // Ten times as many may cost ten times as much, and the digests come on top of both.
      if (cost === hundred && ten !== undefined)
        return { what, cells, target: { text: '≤ 10 × that of 10', met: cost.bytes <= 10 * ten.bytes } };
      return { what, cells };
    });
    return [
      {
        title: `Resync of ${count} resources`,
        columns: ['events', 'bytes', '% of all', 'to the last event, ms', 'CPU, ms'],
        rows,
        notes: [
          'The clients of `sync/` alone, both in one process, on a link of real bytes that takes no time. Statuses of about 550 bytes.',
        ],
      },
    ];
  },
};
