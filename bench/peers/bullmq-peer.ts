import { z } from 'zod';
import type { Bench } from '../bench.ts';
import { type Servant, startServant } from '../servant.ts';
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
  /** Resolves when the job is stored. It runs until the worker ends. */
  addResting(): Promise<void>;
  /** Another worker process on the same queue. It answers `{ type: 'ready' }` when it takes jobs. */
  startWorker(): Promise<Servant>;
}

export interface BullmqPeerOptions {
  readonly fsync: Fsync;
  /** Jobs at once in each worker. */
  readonly atOnce: number;
  /** In the one process. */
  readonly workers: number;
}

/** Rejects with a sentence where it cannot be had. */
export async function startBullmqPeer(
  bench: Bench,
  { fsync, atOnce, workers }: BullmqPeerOptions,
): Promise<BullmqPeer> {
  const program = findRedisServer();
  if (program === null) throw new Error('redis-server is not installed (Debian: redis-server)');
  const entry = await getBullmq();
  const api: BullmqApi = await import(entry);
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(await startRedisServer(bench.workplace, program, fsync));
  const options = toBullmqOptions(redis.port);
  const startWorker = () => {
    const args = [entry, queueName, redis.port, atOnce, workers].map(String);
    return startServant(bench.workplace, bench.servant('bullmq-worker'), args);
  };
  const worker = opened.use(await startWorker());
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
    addResting: async () => void (await queue.add('resting', {})),
    startWorker,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
