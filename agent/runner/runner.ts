import { join } from 'node:path';
import type { AttemptResult, Outcome } from '../../protocol/attempt-result.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { sleep } from '../../runtime/sleep.ts';
import { type Attempt, createAttempt } from '../attempts/attempt.ts';
import type { AttemptContext, AttemptLimits } from '../attempts/attempt-context.ts';
import type { WatchFolder } from '../attempts/raw-watch.ts';
import { defaultSpoolLimits, type FreeBytes, openSpool } from '../attempts/spool.ts';
import { openTombstones } from '../attempts/tombstones.ts';
import type { Catalog } from '../automations/catalog.ts';
import { toDataFolder } from '../data-folder.ts';
import { createNeighbourExecutor, type NeighbourExecutor } from '../executors/neighbour/neighbour-executor.ts';
import type { NeighbourPipes } from '../executors/neighbour/neighbour-pipes.ts';
import { type NeighbourPlace, toNeighbourPlace } from '../executors/neighbour/neighbour-place.ts';
import type { Way } from '../ways/way.ts';
import { countStart, createRunnerGate } from './runner-gate.ts';
import type { RunnerOrder } from './runner-order.ts';
import type { RunnerWords } from './runner-words.ts';

/**
 * - `delivered`: the hub has the result
 * - `withdrawn`: the hub wants nothing of this runner: another one came first, or the agent took the attempt back
 * - `unexplained`: the platform ended the pod, or the command is gone without a record: why, the agent hears from the platform. `words`: what it is to be
 *   told besides, if anything
 * - `left`: what there is stays in the folder, and the next runner there goes on
 */
export type RunnerEnd =
  | { readonly type: 'delivered'; readonly outcome: Outcome }
  | { readonly type: 'withdrawn' }
  | { readonly type: 'unexplained'; readonly words: RunnerWords | null }
  | { readonly type: 'left' };

/** The runner of one attempt, in this process. Disposing leaves at once; what its neighbour runs goes on. */
export interface Runner extends AsyncDisposable {
  /** Never rejects. */
  readonly ended: Promise<RunnerEnd>;
  /** The pod ends: delivers what there is for so long, then leaves. A command that has not begun by now never will. */
  stop(graceMs: number): Promise<void>;
}

export interface RunnerOptions {
  readonly order: RunnerOrder;
  /** The folders that it shares with its neighbour. Made by `preparePod`. */
  readonly shared: string;
  readonly memory: string;
  /** Opens its ends of the pipes between the two; closed with the runner. */
  readonly openPipes: (place: NeighbourPlace) => NeighbourPipes;
  /** The ticket as text. Asked again for each session. */
  readonly readTicket: () => Promise<string>;
  /** Holds the one automation. */
  readonly catalog: Catalog;
  readonly ways: readonly [Way, ...(readonly Way[])];
  readonly limits: AttemptLimits;
  /** How long the hub may take to let it in before it gives up. */
  readonly comeMs: number;
  /** How long the pod is kept for it when the command has ended. */
  readonly holdMs: number;
  readonly machineBootId: string;
  readonly fileSystem: FileSystem;
  readonly watchFolder: WatchFolder;
  readonly freeBytes: FreeBytes;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** How long the offer of a runner stands: it has the hub's word by its ticket. */
const allowedSeconds = 3600;

/**
 * Starts the runner: what an agent does for an attempt, for one, with a ticket in the place of a key and a container beside it in the place of a
 * process. Goes on with what an earlier runner left in the folder. Rejects with what the file system says.
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { order, shared, memory, fileSystem: fs, clock, random, logger } = options;
  const folder = toDataFolder(shared);
  await using opened = new AsyncDisposableStack();
  const place = toNeighbourPlace({ shared, memory });
  const executor = opened.use(
    createNeighbourExecutor({
      place,
      pipes: options.openPipes(place),
      fileSystem: fs,
      watchFolder: options.watchFolder,
      clock,
    }),
  );
  const starts = await countStart(fs, join(shared, 'runner.json'));
  const tombstones = openTombstones(fs, folder.tombstones);
  const { freeBytes, catalog, machineBootId, watchFolder, limits } = options;
  const spool = await openSpool({
    fs,
    folder: shared,
    reserve: folder.reserve,
    limits: defaultSpoolLimits,
    freeBytes,
    logger,
  });
  const credential = { present: async () => `ticket=${(await options.readTicket()).trim()}` };
  const context: AttemptContext = {
    fs,
    folder,
    clock,
    random,
    logger,
    machineBootId,
    executors: { local: executor, list: [executor], find: () => executor },
    catalog,
    agent: () => order.agent,
    environment: order.environment,
    spool,
    tombstones,
    watchFolder,
    sessions: { credential, gate: createRunnerGate(starts, options.ways) },
    jobLog: null,
    limits,
    leavesUnsaid: ({ cause, outcome }) =>
      cause === 'process-lost' || (outcome === 'never-started' && (isStopping || executor.isGone())),
  };
  const target = { attempt: order.attempt, folder: join(folder.attempts, order.attempt) };
  let outcome: Outcome | null = null;
  let isStopping = false;
  const unexplained = Promise.withResolvers<RunnerEnd>();
  const over = Promise.withResolvers<void>();
  const attempt = createAttempt({
    id: order.attempt,
    context,
    onChange: () => executor.isGone() && over.resolve(),
    onAccepted: (accepted) => void (outcome = accepted),
    onUnsaid: (result) => unexplained.resolve({ type: 'unexplained', words: toWords(result) }),
  });
  logger.info({ attempt: order.attempt, starts }, 'runner started');
  const disposables = opened.move();
  const leaving = new AbortController();
  const begun = begin(attempt, context, { order, executor });
  const left = Promise.withResolvers<void>();
  const giveUp = async () => {
    await sleep(clock, options.comeMs, leaving.signal);
    if (leaving.signal.aborted || attempt.state.type !== 'claimed') return;
    logger.error({ comeMs: options.comeMs }, 'the hub has not let this runner in: expected its ticket to be taken');
    await executor.release(target);
    left.resolve();
  };
  void giveUp();
  const letPodGo = async () => {
    await over.promise;
    await sleep(clock, options.holdMs, leaving.signal);
    if (leaving.signal.aborted) return;
    logger.error({ holdMs: options.holdMs }, 'the hub has not taken the result: the pod goes, with what the hub lacks');
    await executor.release(target).catch((err: unknown) => logger.error({ err }, 'the pod could not be let go'));
  };
  void letPodGo();

  async function run(): Promise<RunnerEnd> {
    if ((await begun) === 'over') return { type: 'withdrawn' };
    const early = await Promise.race([
      attempt.ended.then(() => null),
      unexplained.promise,
      left.promise.then(() => ({ type: 'left' }) as const),
    ]);
    // Whoever is still to come beside this one waits for nobody.
    if (early?.type === 'unexplained') await executor.release(target);
    if (early !== null) return early;
    if (attempt.state.type !== 'gone') return { type: 'left' };
    // An attempt that had no document leaves nothing outside its folder, as far as it knows; the neighbour waits all the same.
    await executor.release(target);
    return outcome === null ? { type: 'withdrawn' } : { type: 'delivered', outcome };
  }

  const ended = run()
    .catch((err: unknown): RunnerEnd => {
      logger.error({ err }, 'runner failed');
      return { type: 'left' };
    })
    .finally(() => leaving.abort('over'));
  return {
    ended,
    async stop(graceMs) {
      isStopping = true;
      executor.giveUpStart();
      await Promise.race([ended, sleep(clock, graceMs, leaving.signal)]);
      left.resolve();
      await ended;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort('left');
      left.resolve();
      await begun.catch(() => {});
      await attempt.leave();
      await ended;
      await disposables.disposeAsync();
    },
  };
}

/** Null where the log is not whole, or nobody knows whether the command began. */
function toWords({ started, log }: AttemptResult): RunnerWords | null {
  if (started === false) return { type: 'unborn' };
  return started === true && log.complete ? { type: 'log', log: { bytes: log.bytes, sha256: log.sha256 } } : null;
}

/** Claims the attempt, or goes on with it. `over`: an earlier runner here had the hub's last word. */
async function begin(
  attempt: Attempt,
  { fs, folder, tombstones }: Pick<AttemptContext, 'fs' | 'folder' | 'tombstones'>,
  { order, executor }: { readonly order: RunnerOrder; readonly executor: NeighbourExecutor },
): Promise<'begun' | 'over'> {
  const path = join(folder.attempts, order.attempt);
  if ((await fs.lstat(path)) !== null) {
    await attempt.recover();
    return 'begun';
  }
  if (await tombstones.has(order.attempt)) {
    await executor.release({ attempt: order.attempt, folder: path });
    return 'over';
  }
  const { job, automation, digest } = order;
  const offer = {
    job,
    attempt: order.attempt,
    automation,
    digest,
    desired: 'run',
    documentSent: false,
    allowedSeconds,
  } as const;
  await attempt.claimOffer(offer, order.traceparent);
  return 'begun';
}
