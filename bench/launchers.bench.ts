import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PreparedCommand } from '../agent/automations/prepared-command.ts';
import { createExecaLauncher } from '../agent/executors/process/execa-launcher.ts';
import { equalStanding } from '../agent/executors/process/job-standing.ts';
import type { Launcher } from '../agent/executors/process/launcher.ts';
import { createShellLauncher } from '../agent/executors/process/shell-launcher.ts';
import { systemClock } from '../runtime/clock.ts';
import { quantile } from './report/quantile.ts';
import { renderTable } from './report/render-table.ts';

/** What a launch costs by execa and by the small shells, in a process as large as an idle agent and in one that has grown. */
const launches = Number(process.env['JOBS'] ?? 300);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const sizesMb = [90, 300];
const kinds = ['execa', 'shells'] as const;
const atOnce = 8;

type Kind = (typeof kinds)[number];

interface Costs {
  readonly ownMs: number;
  readonly childrenMs: number;
  readonly rate: number;
  readonly latencyMs: number;
}

const command: PreparedCommand = {
  argv: ['true'],
  environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  workingDirectory: '/tmp',
  files: [],
};

function create(kind: Kind): Launcher {
  const shell = '/bin/sh';
  const otherwise = createExecaLauncher({ shell, standing: equalStanding });
  if (kind === 'execa') return otherwise;
  return createShellLauncher({
    shell,
    launcherShell: shell,
    setsid: '/usr/bin/setsid',
    standing: equalStanding,
    otherwise,
    clock: systemClock,
  });
}

function growTo(mb: number): readonly Buffer[] {
  const ballast: Buffer[] = [];
  while (process.memoryUsage.rss() < mb * 1024 * 1024) ballast.push(Buffer.alloc(1024 * 1024, 1));
  return ballast;
}

/** CPU time of this process's children: those that were reaped, and those that live, with theirs. In steps of 10 ms: proc_pid_stat(5). */
function childrenMs(): number {
  const words = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  const sum = (found: readonly string[], from: number, to: number) =>
    found.slice(from, to).reduce((total, word) => total + 10 * Number(word), 0);
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const found = words(pid);
        return found[1] === String(process.pid) ? [sum(found, 11, 15)] : [];
      } catch {
        return [];
      }
    });
  return sum(words('self'), 13, 15) + living.reduce((total, ms) => total + ms, 0);
}

async function measure(kind: Kind, mb: number): Promise<Costs> {
  const root = await mkdtemp(join(tmpdir(), 'farhand-bench-launchers-'));
  await using launcher = create(kind);
  let count = 0;

  async function run(): Promise<void> {
    const folder = join(root, String(count++));
    await mkdir(folder);
    await writeFile(join(folder, 'exit'), ' '.repeat(16));
    const launched = await launcher.launch(folder, command);
    if (launched.type !== 'launched') throw new Error(`expected a launch, got ${launched.message}`);
    await launched.wrapper.ended;
    await rm(folder, { recursive: true });
  }

  async function runMany(wanted: number): Promise<void> {
    const end = count + wanted;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (count < end) await run();
      }),
    );
  }

  await runMany(50);
  const ballast = growTo(mb);
  const [own, children, from] = [process.cpuUsage(), childrenMs(), performance.now()];
  await runMany(launches);
  const { user, system } = process.cpuUsage(own);
  const rate = (1000 * launches) / (performance.now() - from);
  const spentMs = childrenMs() - children;
  const latencies: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const begin = performance.now();
    await run();
    latencies.push(performance.now() - begin);
  }
  await rm(root, { recursive: true });
  if (ballast.length > mb) throw new Error('expected less ballast than memory');
  return {
    ownMs: (user + system) / 1000 / launches,
    childrenMs: spentMs / launches,
    rate,
    latencyMs: quantile(latencies, 0.5),
  };
}

/** In a process of its own, so that no other is in its memory. */
async function measureApart(kind: Kind, mb: number): Promise<Costs> {
  const child = fork(import.meta.filename, [kind, String(mb)]);
  const [costs] = await once(child, 'message');
  return costs;
}

const [kind, mb] = process.argv.slice(2);
if (kind === 'execa' || kind === 'shells') {
  process.send?.(await measure(kind, Number(mb)));
} else {
  const found = new Map<string, Costs[]>();
  // In turns, so that whatever else the machine does falls on all alike.
  for (let round = 0; round < rounds; round += 1) {
    for (const size of sizesMb) {
      for (const name of kinds) {
        const row = `${size} MB, ${name}`;
        found.set(row, [...(found.get(row) ?? []), await measureApart(name, size)]);
      }
    }
  }
  const rows = [...found].map(([what, costs]) => {
    const median = (of: (cost: Costs) => number) => quantile(costs.map(of), 0.5);
    const cells = [
      median((c) => c.ownMs),
      median((c) => c.childrenMs),
      median((c) => c.rate),
      median((c) => c.latencyMs),
    ];
    return { what, cells };
  });
  const columns = ['CPU of the agent, ms', 'CPU of children, ms', 'a second, 8 at once', 'one alone to its end, ms'];
  process.stdout.write(renderTable({ title: 'A launch of `true`, median of the rounds', columns, rows, notes: [] }));
}
process.disconnect?.();
