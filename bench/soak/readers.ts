import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/client.ts';

const listEveryMs = 1000;
const pauseMs = 500;

/** How long somebody stays before he leaves, in the middle of whatever it is. */
function stay(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(500 + Math.floor(Math.random() * 15_000))]);
}

/**
 * People who come and go until `signal` aborts: one lists, some follow events and logs, one follows a log and never reads it. None of them
 * matters: what fails for them is not told.
 */
export async function runReaders(options: {
  readonly client: Client;
  /** A job worth looking at; null while there is none. */
  readonly pick: () => string | null;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, pick, signal } = options;

  async function repeat(everyMs: number, visit: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
      await visit().catch(() => {});
      await delay(everyMs, undefined, { signal }).catch(() => {});
    }
  }

  const withJob = (visit: (id: string) => Promise<unknown>) => async () => {
    const id = pick();
    if (id !== null) await visit(id);
  };

  async function drain(events: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of events);
  }

  async function list(): Promise<void> {
    const { items, nextCursor } = await client.listJobs({ limit: 100 });
    if (nextCursor !== null) await client.listJobs({ limit: 100, cursor: nextCursor });
    await client.listJobs({ limit: 20, state: ['failed'], label: ['purpose=soak'] });
    await client.listAgents();
    await client.listAutomations();
    await client.getStatus();
    const [newest] = items;
    if (newest !== undefined) await client.listAttempts(newest.id);
  }

  async function stare(id: string): Promise<void> {
    const response = await client.getJobLog(id, { follow: true }, { signal });
    await delay(10_000, undefined, { signal }).catch(() => {});
    await response.body?.cancel();
  }

  await Promise.all([
    repeat(listEveryMs, list),
    repeat(pauseMs, () => drain(client.watchEvents({ signal: stay(signal) }))),
    repeat(pauseMs, () => drain(client.watchEvents({ signal: stay(signal) }))),
    repeat(
      pauseMs,
      withJob((id) => drain(client.watchJob(id, { signal: stay(signal) }))),
    ),
    repeat(
      pauseMs,
      withJob((id) => drain(client.followLog(id, { signal: stay(signal) }))),
    ),
    repeat(
      pauseMs,
      withJob((id) => drain(client.followLog(id, { signal: stay(signal), timestamps: true }))),
    ),
    repeat(pauseMs, withJob(stare)),
  ]);
}
