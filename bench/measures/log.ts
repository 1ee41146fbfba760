import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import type { Bench, Measure } from '../bench.ts';
import { type LogText, secret, writeLogText } from '../log-text.ts';
import { startSshPeer } from '../peers/ssh-peer.ts';
import { createPlace, type Place } from '../place.ts';
import { readCpuMs } from '../process-facts.ts';
import { quantile } from '../report/quantile.ts';
import type { Row, Table } from '../report/table.ts';
import { startServant } from '../servant.ts';

const Digest = z.object({ bytes: z.int(), sha256: z.string() });
type Digest = z.infer<typeof Digest>;
const Sent = z.object({ tookMs: z.number(), received: z.array(Digest) });

/** What is printed: `times` a mebibyte by each of `atOnce` commands. */
interface Load {
  readonly name: string;
  readonly times: number;
  readonly atOnce: number;
}

interface Way {
  readonly name: string;
  readonly masked: boolean;
  /** Resolves with what the far end holds of each, and how long it took. */
  run(load: Load): Promise<z.infer<typeof Sent>>;
}

const passes = 3;

/** Output goes into a file and stops at no limit; with `gap`, a limit far away, it goes through the sink. */
function toAutomations(loads: readonly Load[], text: LogText): Record<string, object> {
  const automations: Record<string, object> = {};
  for (const { name, times } of loads) {
    const flood = { kind: 'command', run: toCommand(text, times) };
    automations[`flood-${name}`] = flood;
    automations[`sunk-${name}`] = { ...flood, log: { limitBytes: 2 ** 40, over: 'gap' } };
  }
  return automations;
}

function toCommand(text: LogText, times: number): [string, ...string[]] {
  return ['cat', ...Array.from({ length: times }, () => text.path)];
}

function throughFarhand({ client }: Place, prefix: 'flood' | 'sunk', secrets: Record<string, string>): Way['run'] {
  return async ({ name, atOnce }) => {
    const from = performance.now();
    const runOne = async () => {
      const id = await client.submit({ automation: `${prefix}-${name}`, secrets });
      await client.waitForEnd(id);
      return id;
    };
    const ids = await Promise.all(Array.from({ length: atOnce }, runOne));
    const tookMs = performance.now() - from;
    const jobs = await Promise.all(ids.map((id) => client.checkSuccess(id)));
    return { tookMs, received: jobs.map(({ log }) => Digest.parse(log)) };
  };
}

/** Rates in MB (a million bytes) a second, one for each pass. Throws when what arrived is not what was printed. */
async function rate(way: Way, load: Load, text: LogText): Promise<number[]> {
  const expected = text.expect(load.times, way);
  const rates: number[] = [];
  for (let pass = 0; pass < passes; pass += 1) {
    const { tookMs, received } = await way.run(load);
    for (const { bytes, sha256 } of received) {
      if (bytes !== expected.bytes || sha256 !== expected.sha256)
        throw new Error(`${way.name}: expected ${expected.bytes} bytes, ${expected.sha256}; got ${bytes}, ${sha256}`);
    }
    // What was printed counts: a mask is shorter than what it hides.
    rates.push((load.atOnce * load.times * text.bytes) / 1000 / tookMs);
  }
  return rates;
}

async function openRaw(bench: Bench, text: LogText, opened: AsyncDisposableStack): Promise<Way> {
  const folder = bench.workplace.path('raw');
  await mkdir(folder);
  const receiver = opened.use(await startServant(bench.workplace, bench.servant('log-receiver'), [folder]));
  const sender = opened.use(await startServant(bench.workplace, bench.servant('log-sender')));
  const { port } = await receiver.ask({ type: 'port' }, z.object({ port: z.int() }));
  const run: Way['run'] = ({ times, atOnce }) => sender.ask({ argv: toCommand(text, times), port, atOnce }, Sent);
  return { name: 'limit: raw child → websocket → file, sha256', masked: false, run };
}

async function openSsh(bench: Bench, text: LogText, opened: AsyncDisposableStack): Promise<Way | null> {
  const ssh = bench.peers.has('ssh') ? await startSshPeer(bench.workplace) : null;
  if (ssh === null) return null;
  opened.use(ssh);
  const digester = opened.use(await startServant(bench.workplace, bench.servant('output-digester')));
  const run: Way['run'] = ({ times, atOnce }) =>
    digester.ask({ argv: [...ssh.argv('shared'), ...toCommand(text, times)], atOnce }, Sent);
  return { name: 'ssh localhost, ControlMaster, sha256', masked: false, run };
}

export const log: Measure = {
  name: 'log',
  about: 'MB/s of a job’s output, from the process into the hub’s store, digest checked',
  async run(bench) {
    const { smallMb, bigMb, atOnce } = bench.sizes.log;
    const loads: readonly Load[] = [
      { name: 'small', times: smallMb, atOnce: 1 },
      { name: 'big', times: bigMb, atOnce: 1 },
      { name: 'several', times: Math.ceil(bigMb / atOnce), atOnce },
    ];
    const text = await writeLogText(bench.workplace.path('text'));
    await using opened = new AsyncDisposableStack();
    const place = opened.use(
      await createPlace(bench, { slots: atOnce, automations: toAutomations(loads, text), probes: 'none' }),
    );
    const ssh = await openSsh(bench, text, opened);
    const ways: readonly Way[] = [
      { name: 'farhand', masked: false, run: throughFarhand(place, 'flood', {}) },
      { name: 'farhand, a secret to mask', masked: true, run: throughFarhand(place, 'flood', { password: secret }) },
      { name: 'farhand, through the sink of `over: gap`', masked: false, run: throughFarhand(place, 'sunk', {}) },
      await openRaw(bench, text, opened),
      ...(ssh === null ? [] : [ssh]),
    ];
    const found = new Map<Way, number[][]>();
    const cpu = { hub: 0, agent: 0, bytes: 0 };
    for (const load of loads) {
      bench.say(`${load.atOnce} × ${load.times} MiB`);
      for (const way of ways) {
        const before = { hub: readCpuMs(place.hub.pid), agent: readCpuMs(place.agent.pid) };
        const rates = await rate(way, load, text);
        found.set(way, [...(found.get(way) ?? []), rates]);
        if (way !== ways[0]) continue;
        cpu.hub += readCpuMs(place.hub.pid) - before.hub;
        cpu.agent += readCpuMs(place.agent.pid) - before.agent;
        cpu.bytes += passes * load.times * load.atOnce * text.bytes;
      }
    }
    return [toTable({ loads, ways, found, missing: bench.peers.has('ssh') && ssh === null, cpu })];
  },
};

function toTable(given: {
  readonly loads: readonly Load[];
  readonly ways: readonly Way[];
  readonly found: ReadonlyMap<Way, readonly (readonly number[])[]>;
  readonly missing: boolean;
  readonly cpu: { readonly hub: number; readonly agent: number; readonly bytes: number };
}): Table {
  const { loads, ways, found, missing, cpu } = given;
  const medians = (way: Way | undefined) =>
    (way === undefined ? [] : (found.get(way) ?? [])).map((rates) => quantile(rates, 0.5));
  const [ours] = ways;
  const ourRates = medians(ours);
  const raw = medians(ways.find(({ name }) => name.startsWith('limit')));
  const best = Math.max(...ourRates);
  const share = (100 * best) / Math.max(...raw);
  const rows: Row[] = ways.map((way) => ({
    what: way.name,
    cells: medians(way),
    ...(way === ours ? { target: { text: 'best: ≥ 200 MB/s', met: best >= 200 } } : {}),
  }));
  rows.push({
    what: 'farhand, % of raw',
    cells: raw.map((value, index) => (100 * (ourRates[index] ?? Number.NaN)) / value),
    target: { text: 'best of each: ≥ 40 %', met: share >= 40 },
  });
  const perMb = (ms: number) => ((1e6 * ms) / cpu.bytes).toFixed(2);
  return {
    title: 'Log throughput, MB/s',
    columns: loads.map(({ times, atOnce }) => (atOnce === 1 ? `1 × ${times} MiB` : `${atOnce} × ${times} MiB at once`)),
    rows,
    notes: [
      `Median of ${passes}, from the submission to the result. Length and SHA-256 of what the hub stored are compared with what was printed.`,
      `CPU of farhand without a secret, ms per MB: hub ${perMb(cpu.hub)}, agent ${perMb(cpu.agent)}.`,
      'BullMQ has no log of a process’s output: its `job.log` is a list of lines in Redis.',
      ...(missing ? ['ssh is missing: OpenSSH is not installed (Debian: openssh-server).'] : []),
    ],
  };
}
