import { z } from 'zod';
import type { Bench } from '../bench.ts';
import { startServant } from '../servant.ts';
import type { BullmqApi } from './bullmq-api.ts';
import { toBullmqOptions } from './bullmq-api.ts';
import { getBullmq } from './bullmq-package.ts';
import { type Fsync, findRedisServer, startRedisServer } from './redis-server.ts';

const queueName = 'jobs';

/** BullMQ on a redis-server of its own, with one worker process that starts a process for each job. */
export interface BullmqPeer extends AsyncDisposable {
  readonly workerPid: number;
  readonly redisPid: number;
  /** Resolves with what the job returned. The end is pushed, by QueueEvents. */
  run(job: 'nothing' | 'moment'): Promise<string>;
}

/** Rejects with a sentence where it cannot be had. */
export async function startBullmqPeer(
  bench: Bench,
  { fsync, atOnce }: { readonly fsync: Fsync; readonly atOnce: number },
): Promise<BullmqPeer> {
  const program = findRedisServer();
  if (program === null) throw new Error('redis-server is not installed (Debian: redis-server)');
  const entry = await getBullmq();
  const api: BullmqApi = await import(entry);
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(await startRedisServer(bench.workplace, program, fsync));
  const options = toBullmqOptions(redis.port);
  const worker = opened.use(
    await startServant(bench.workplace, bench.servant('bullmq-worker'), [
      entry,
      queueName,
      String(redis.port),
      String(atOnce),
    ]),
  );
  const queue = new api.Queue(queueName, options);
  // One for each job that is waited for.
  queue.setMaxListeners(0);
  opened.defer(() => queue.close());
  const events = new api.QueueEvents(queueName, options);
  opened.defer(() => events.close());
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  await worker.ask({ type: 'ready' }, z.object({}));
  const parts = opened.move();
  return {
    workerPid: worker.pid,
    redisPid: redis.pid,
    run: async (job) => (await queue.add(job, {})).waitUntilFinished(events),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
