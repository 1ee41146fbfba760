import { setTimeout as delay } from 'node:timers/promises';
import type { SoakAgent } from './soak-agent.ts';

/** Restarts an agent again and again until `signal` aborts: in order and by a crash in turn. */
export async function runRestarts(
  agent: SoakAgent,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn += 1) {
    await delay(everyMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await agent.restart(turn % 2 === 0 ? 'in order' : 'killed');
  }
}
