import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Exact, so that figures of two machines are of the same program. */
const packages = ['bullmq@6.7.0', 'ioredis@6.0.0'];
export const bullmqVersion = packages.join(', ');

/**
 * Path of BullMQ's entry (MIT). A peer is nothing that the product depends on, so it lies in a cache of the user and not among the packages
 * of this one; the first run fills it. Rejects where it cannot be had.
 */
export async function getBullmq(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'farhand-bench', packages.join('+'));
  const entry = () => createRequire(join(folder, 'here.js')).resolve('bullmq');
  if (!existsSync(join(folder, 'node_modules/bullmq'))) {
    await mkdir(folder, { recursive: true });
    const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error'];
    await promisify(execFile)('npm', ['install', '--prefix', folder, ...quiet, ...packages], { cwd: folder });
  }
  return entry();
}
