import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Bench, Measure } from '../bench.ts';
import { momentCommand, parseMoment } from '../moment.ts';
import { openPeers, type Peers } from '../peers/open-peers.ts';
import { createPlace, type Place } from '../place.ts';
import { quantile } from '../report/quantile.ts';
import type { Row, Table } from '../report/table.ts';
import { type Servant, startServant } from '../servant.ts';
import { createWallClock } from '../wall-clock.ts';

const Round = z.object({ startedMs: z.number(), endedMs: z.number() });
type Round = z.infer<typeof Round>;

interface Way {
  readonly name: string;
  readonly rounds: number;
  once(): Promise<Round>;
  readonly taken: Round[];
}

/** Rounds of one way before the next has its turn, so that what else the machine does hits all of them alike. */
const turn = 10;
const warmUpShare = 0.1;
/** From so few, a 99th percentile would be the slowest of all. */
const fewestForP99 = 100;
const trips = 2000;

async function timed(run: () => Promise<string>): Promise<Round> {
  const now = createWallClock();
  const from = now();
  const printed = await run();
  const to = now();
  return { startedMs: parseMoment(printed) - from, endedMs: to - from };
}

function createWays(bench: Bench, { place, bare, peers }: { place: Place; bare: Servant; peers: Peers }): Way[] {
  const { rounds, slowRounds } = bench.sizes.latency;
  const add = (name: string, once: () => Promise<Round>, count = rounds): Way => ({
    name,
    rounds: count,
    once,
    taken: [],
  });
  const { client } = place;
  const { ssh, bullmq } = peers;
  const overSsh = (how: 'shared' | 'own') => () => timed(async () => ssh?.run(how, momentCommand) ?? '');
  return [
    add('farhand', () =>
      timed(async () => {
        const id = await client.submit({ automation: 'moment' });
        const log = await client.followLog(id);
        await client.checkSuccess(id);
        return log;
      }),
    ),
    add('limit: bare execa spawn', () => bare.ask({ type: 'moment' }, Round)),
    ...(bullmq === null
      ? []
      : [
          add('BullMQ, redis appendfsync always', () => timed(() => bullmq.always.run('moment'))),
          add('BullMQ, redis appendfsync everysec', () => timed(() => bullmq.everysec.run('moment'))),
        ]),
    ...(ssh === null
      ? []
      : [
          add('ssh localhost, ControlMaster', overSsh('shared')),
          add('ssh localhost, new connection', overSsh('own'), slowRounds),
        ]),
  ];
}

async function takeTurns(ways: readonly Way[]): Promise<void> {
  for (const way of ways) for (let round = 0; round < warmUpShare * way.rounds; round += 1) await way.once();
  while (ways.some(({ taken, rounds }) => taken.length < rounds)) {
    for (const way of ways) {
      for (let left = turn; left > 0 && way.taken.length < way.rounds; left -= 1) way.taken.push(await way.once());
    }
  }
}

async function measureRoundTrips(bench: Bench): Promise<readonly number[]> {
  await using echo = await startServant(bench.workplace, bench.servant('websocket-echo'));
  const { port } = await echo.ask({ type: 'port' }, z.object({ port: z.int() }));
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(client, 'open');
  const text = 'x'.repeat(256);
  const times: number[] = [];
  for (let trip = -trips / 10; trip < trips; trip += 1) {
    const from = performance.now();
    client.send(text);
    await once(client, 'message');
    if (trip >= 0) times.push(performance.now() - from);
  }
  client.close();
  await once(client, 'close');
  return times;
}

function toCells(values: readonly number[]): readonly (number | null)[] {
  return [quantile(values, 0.5), values.length < fewestForP99 ? null : quantile(values, 0.99), values.length];
}

function toTables(ways: readonly Way[], roundTrips: readonly number[], peers: Peers): readonly Table[] {
  const columns = ['p50', 'p99', 'rounds'];
  const [ours, bare] = ways;
  const share = (way: Way | undefined, part: number) =>
    quantile(way?.taken.map(({ startedMs }) => startedMs) ?? [], part);
  const more = (part: number) => share(ours, part) - share(bare, part);
  const isEnough = (ours?.taken.length ?? 0) >= fewestForP99;
  const overBare: readonly Row[] = [
    {
      what: 'farhand over a bare spawn, p50',
      cells: [more(0.5), null, null],
      target: { text: '≤ +4 ms', met: more(0.5) <= 4 },
    },
    {
      what: 'farhand over a bare spawn, p99',
      cells: [null, isEnough ? more(0.99) : null, null],
      target: { text: '≤ +15 ms', met: isEnough ? more(0.99) <= 15 : null },
    },
  ];
  const known = ways.map(({ name, taken }): Row => {
    const values = taken.map(({ endedMs }) => endedMs);
    const row = { what: name, cells: toCells(values) };
    return name === 'farhand' ? { ...row, target: { text: 'p50 ≤ 10 ms', met: quantile(values, 0.5) <= 10 } } : row;
  });
  return [
    {
      title: 'Submit → process started, ms',
      columns,
      rows: [
        ...ways.map(({ name, taken }) => ({ what: name, cells: toCells(taken.map(({ startedMs }) => startedMs)) })),
        ...overBare,
      ],
      notes: peers.missing,
    },
    {
      title: 'Submit → result known, ms',
      columns,
      rows: [...known, { what: 'limit: bare websocket round trip of 256 bytes', cells: toCells(roundTrips) }],
      notes: peers.missing,
    },
  ];
}

export const latency: Measure = {
  name: 'latency',
  about: 'one job at a time: submit → process started, submit → result known',
  async run(bench) {
    const automations = { moment: { kind: 'command', run: momentCommand } };
    await using place = await createPlace(bench, { slots: 1, automations, probes: 'none' });
    await using bare = await startServant(bench.workplace, bench.servant('spawner'));
    await using peers = await openPeers(bench, { atOnce: 1 });
    const ways = createWays(bench, { place, bare, peers });
    await takeTurns(ways);
    return toTables(ways, await measureRoundTrips(bench), peers);
  },
};
