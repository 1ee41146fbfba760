import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessSource } from './watched-process.ts';

/** What a daemon is started with so that it writes one when asked to. */
export const snapshotOptions = ['--heapsnapshot-signal=SIGUSR2'] as const;

const patienceMs = 120_000;
const lookEveryMs = 1000;

/**
 * Has processes write snapshots of their heaps, one after another, into `output`: `<name>-<label>.heapsnapshot`, to be compared in the
 * developer tools of a browser. Each stands still meanwhile. `folder` is where they work.
 */
export async function takeSnapshots(
  sources: readonly Pick<ProcessSource, 'name' | 'pid'>[],
  { label, folder, output }: { readonly label: string; readonly folder: string; readonly output: string },
): Promise<void> {
  await mkdir(output, { recursive: true });
  for (const { name, pid } of sources) {
    if (pid === null) continue;
    process.kill(pid, 'SIGUSR2');
    const path = await findSnapshot(folder, pid);
    await copyFile(path, join(output, `${name.replace(' ', '-')}-${label}.heapsnapshot`));
    await rm(path);
  }
}

/** Resolves when it is there and does not grow any more. */
async function findSnapshot(folder: string, pid: number): Promise<string> {
  let before = -1;
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await delay(lookEveryMs)) {
    const found = (await readdir(folder)).find((name) => name.endsWith('.heapsnapshot') && name.includes(`.${pid}.`));
    if (found === undefined) continue;
    const { size } = await stat(join(folder, found));
    if (size > 0 && size === before) return join(folder, found);
    before = size;
  }
  throw new Error(`expected a snapshot of process ${pid} within ${patienceMs} ms`);
}
