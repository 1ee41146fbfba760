import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/client.ts';
import type { JobKind } from './job-kinds.ts';
import type { Outcomes } from './outcomes.ts';

/** More of one kind are not under way: what waits then is counted nowhere, so that the rate tells. */
const mostUnderWay = 64;

/** Keeps all kinds of jobs coming until `signal` aborts. The hub is known to be there: what it does not take is a surprise. */
export async function runLoad(options: {
  readonly client: Client;
  readonly kinds: readonly JobKind[];
  readonly pace: number;
  readonly outcomes: Outcomes;
  /** Told of each job. */
  readonly onSubmitted: (id: string, kind: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, kinds, pace, outcomes, onSubmitted, signal } = options;

  async function runOne({ name, request, followUp, judge }: JobKind): Promise<void> {
    try {
      const { id } = await client.submitJob(request(), { signal });
      outcomes.submitted(name);
      onSubmitted(id, name);
      if (followUp !== null) {
        await delay(followUp.afterMs, undefined, { signal });
        await followUp.act(client, id);
      }
      outcomes.ended(name, judge(await client.waitForJob(id, { signal })));
    } catch (error) {
      if (!signal.aborted) outcomes.ended(name, error instanceof Error ? error.message : String(error));
    }
  }

  async function runKind(kind: JobKind): Promise<void> {
    const underWay = new Set<Promise<void>>();
    while (!signal.aborted) {
      if (underWay.size < mostUnderWay) {
        const one = runOne(kind);
        underWay.add(one);
        void one.then(() => underWay.delete(one));
      }
      await delay(kind.everyMs / pace, undefined, { signal }).catch(() => {});
    }
    await Promise.all(underWay);
  }

  await Promise.all(kinds.map(runKind));
}
