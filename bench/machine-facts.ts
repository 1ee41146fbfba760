import { execFile } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quantile } from './report/quantile.ts';

const flushes = 200;

/** What a figure depends on, one line each. Ask before anything is started: the load is of others then. */
export async function readMachineFacts(folder: string): Promise<readonly string[]> {
  const [load = 0] = loadavg();
  const all = cpus();
  const flush = await measureFlush(join(folder, 'flush'));
  return [
    `${all.length} cores, ${all[0]?.model ?? 'of unknown kind'}; ${(totalmem() / 2 ** 30).toFixed(0)} GiB; Linux ${release()}; Node ${process.version}`,
    `Load at the start: ${load.toFixed(2)}${load > all.length / 4 ? '. **Not a quiet machine: only columns of one table compare**' : ''}`,
    `Flushing 4 KiB to the disk of ${folder.replace(/\/[^/]*$/, '')} (write, fdatasync): p50 ${flush.p50}, p99 ${flush.p99}`,
    `Checkout: ${await describeCheckout()}`,
  ];
}

async function measureFlush(path: string): Promise<{ readonly p50: string; readonly p99: string }> {
  await using file = await open(path, 'w');
  const bytes = Buffer.alloc(4096, 'x');
  const times: number[] = [];
  for (let count = 0; count < flushes; count += 1) {
    const from = performance.now();
    await file.write(bytes);
    await file.datasync();
    times.push(performance.now() - from);
  }
  await rm(path);
  const toText = (share: number) => `${quantile(times, share).toFixed(2)} ms`;
  return { p50: toText(0.5), p99: toText(0.99) };
}

async function describeCheckout(): Promise<string> {
  const cwd = join(import.meta.dirname, '..');
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty'], { cwd });
    return stdout.trim();
  } catch {
    const manifest: unknown = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
    return `version ${(manifest as { readonly version: string }).version}, no git here`;
  }
}
