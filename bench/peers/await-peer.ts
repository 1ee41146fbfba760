import { setTimeout as delay } from 'node:timers/promises';
import type { StartedProcess } from '../workplace.ts';

const patienceMs = 10_000;
const pollMs = 20;

/** Resolves when the peer is there. Rejects when it ended, or takes too long. */
export async function awaitPeer(
  name: string,
  { child }: StartedProcess,
  isThere: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isThere())) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`expected ${name} to be up, it ended`);
    if (performance.now() > deadline) throw new Error(`expected ${name} to be up within ${patienceMs} ms`);
    await delay(pollMs);
  }
}
