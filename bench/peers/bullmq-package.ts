import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Exact, so that figures of two machines are of the same program. */
const packages = ['bullmq@6.7.0', 'ioredis@6.0.0'];

function findFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'farhand-bench', packages.join('+'));
}

/** Whether an earlier run, or `.ci/get-bullmq`, has installed it. */
export function hasBullmq(): boolean {
  return existsSync(join(findFolder(), 'node_modules/bullmq'));
}

/**
 * Path of BullMQ's entry (MIT). A peer is nothing that the product depends on, so it lies in a cache of the user and not among the packages
 * of this one; the first run fills it. Rejects where it cannot be had.
 */
export async function getBullmq(): Promise<string> {
  const folder = findFolder();
  if (!hasBullmq()) {
    await mkdir(folder, { recursive: true });
    const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error', '--fetch-retries=1'];
    await promisify(execFile)('npm', ['install', '--prefix', folder, ...quiet, ...packages], { cwd: folder });
  }
  return createRequire(join(folder, 'here.js')).resolve('bullmq');
}
