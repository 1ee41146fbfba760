import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { createBenchPlace, sources } from './bench-place.ts';
import { packProgram } from './packed-program.ts';
import { printRow, quantile } from './report.ts';

/** How long the program takes to be there, and the memory that it has then: as published and from its sources, beside a bare Node. */
const rounds = Number(process.env['ROUNDS'] ?? 10);
const settleMs = 4000;

interface Found {
  readonly version: number[];
  readonly hub: { readonly ms: number[]; readonly cpuMs: number[]; readonly mb: number[] };
  readonly agent: { readonly ms: number[]; readonly cpuMs: number[]; readonly mb: number[] };
}

async function time(args: readonly string[]): Promise<number> {
  const from = performance.now();
  await execa(process.execPath, args);
  return performance.now() - from;
}

async function look(program: string): Promise<Found> {
  const found: Found = { version: [], hub: { ms: [], cpuMs: [], mb: [] }, agent: { ms: [], cpuMs: [], mb: [] } };
  // The first round fills the compile cache.
  for (let round = -1; round < rounds; round += 1) {
    const version = await time([program, '--version']);
    await using place = await createBenchPlace({ slots: 1, program });
    await delay(settleMs);
    if (round < 0) continue;
    found.version.push(version);
    for (const name of ['hub', 'agent'] as const) {
      found[name].ms.push(place[name].ready.ms);
      found[name].cpuMs.push(place[name].ready.cpuMs);
      found[name].mb.push(place[name].residentMb());
    }
  }
  return found;
}

const bare: number[] = [];
for (let round = 0; round < rounds; round += 1) bare.push(await time(['--eval', '0']));
await using packed = await packProgram();
const columns = [await look(packed.path), await look(sources)];

const row = (what: string, values: (found: Found) => readonly number[], share: number) =>
  printRow(what, ...columns.map((found) => quantile(values(found), share)));
printRow('', 'package', 'sources');
printRow('---', '---', '---');
for (const [word, share] of [
  ['median', 0.5],
  ['least', 0],
] as const) {
  printRow(`bare Node, ms, ${word}`, quantile(bare, share), '');
  row(`farhand --version, ms, ${word}`, ({ version }) => version, share);
  row(`hub: start to ready, ms, ${word}`, ({ hub }) => hub.ms, share);
  row(`hub: CPU of that, ms, ${word}`, ({ hub }) => hub.cpuMs, share);
  row(`agent: start to online, ms, ${word}`, ({ agent }) => agent.ms, share);
  row(`agent: CPU of that, ms, ${word}`, ({ agent }) => agent.cpuMs, share);
  row(`hub: resident when idle, MB, ${word}`, ({ hub }) => hub.mb, share);
  row(`agent: resident when idle, MB, ${word}`, ({ agent }) => agent.mb, share);
}
