import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { Program } from '../program.ts';
import type { Change } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { endsTransaction, toStoreError } from './errors.ts';
import type { Driven } from './program-driver.ts';

/** Commands that share one commit at most: it blocks the loop. */
const maxBatch = 256;

/** A commit that blocks the loop for longer than this is worth a line in the log. */
const slowMs = 500;

/**
 * All commands that come in one turn of the loop share one transaction, each with a savepoint of its own: a command that fails
 * is rolled back alone, the others resolve after the COMMIT. A batch that wrote nothing is not counted.
 */
export interface GroupCommit {
  /** `start` makes the command's program. Rejects with `StoreError`, or with what the program threw. */
  apply<Result>(start: () => Program<Result>): Promise<Result>;
  /** False once it is closed or broken. */
  isOpen(): boolean;
  /** Commands that wait for the next commit. */
  waiting(): number;
  /** Takes nothing more, and resolves when all that was taken is answered. */
  close(): Promise<void>;
}

interface Waiting {
  readonly start: () => Program<unknown>;
  settle(outcome: Outcome): void;
}

type Outcome =
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: unknown };

interface Batch {
  readonly outcomes: readonly Outcome[];
  /** Null when nothing was committed, or nothing was written. */
  readonly commits: number | null;
  readonly changes: readonly Change[];
}

/**
 * - `open`: takes commands
 * - `broken`: the disk failed in the middle of a COMMIT, so nobody knows what it holds; everything is refused until a restart
 *   has read the file again
 * - `closed`: takes no more
 */
type State = { readonly type: 'open' | 'closed' } | { readonly type: 'broken'; readonly error: StoreError };

export function createGroupCommit({
  database,
  drive,
  clock,
  logger,
  onCommit,
  onTook,
  onFailed,
}: {
  readonly database: DatabaseSync;
  readonly drive: <Result>(program: Program<Result>) => Driven<Result>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after each commit that wrote, before its commands resolve. Must not throw. */
  readonly onCommit: (commits: number, changes: readonly Change[]) => void;
  /** Told how long each commit took, with its commands. */
  readonly onTook?: ((tookMs: number) => void) | undefined;
  /** Told of what a whole batch was rolled back for. */
  readonly onFailed?: ((error: unknown) => void) | undefined;
}): GroupCommit {
  const begin = database.prepare('begin immediate');
  const commit = database.prepare('commit');
  const save = database.prepare('savepoint command');
  const release = database.prepare('release command');
  const undo = database.prepare('rollback to command');
  const count = database.prepare('update meta set commits = commits + 1 returning commits');

  let state: State = { type: 'open' };
  let scheduled = false;
  let waiting: Waiting[] = [];
  let whenIdle: (() => void) | null = null;

  function setState(next: State): void {
    logger.info({ from: state.type, to: next.type }, 'store state changed');
    state = next;
  }

  function runCommand(
    start: () => Program<unknown>,
    changes: Change[],
  ): { readonly outcome: Outcome; readonly wrote: boolean } {
    save.run();
    try {
      const driven = drive(start());
      release.run();
      changes.push(...driven.changes);
      return { outcome: { type: 'done', result: driven.result }, wrote: driven.wrote };
    } catch (foreign) {
      const error = toStoreError(foreign);
      if (endsTransaction(error) || !database.isTransaction) throw error;
      undo.run();
      release.run();
      return { outcome: { type: 'failed', error }, wrote: false };
    }
  }

  function failAll(batch: readonly Waiting[], error: unknown): Batch {
    return { outcomes: batch.map(() => ({ type: 'failed', error })), commits: null, changes: [] };
  }

  /** SQLite rolls back by itself after some errors of the disk. */
  function rollBack(): boolean {
    try {
      if (database.isTransaction) database.exec('rollback');
      return true;
    } catch (error) {
      logger.error({ error }, 'a transaction could not be rolled back');
      return false;
    }
  }

  function runBatch(batch: readonly Waiting[]): Batch {
    const changes: Change[] = [];
    let phase: 'commands' | 'commit' = 'commands';
    try {
      begin.run();
      const ran = batch.map(({ start }) => runCommand(start, changes));
      const commits = ran.some(({ wrote }) => wrote) ? Number(count.get()?.['commits']) : null;
      phase = 'commit';
      commit.run();
      return { outcomes: ran.map(({ outcome }) => outcome), commits, changes };
    } catch (foreign) {
      const error = toStoreError(foreign);
      const undone = rollBack();
      logger.error({ error, commands: batch.length, phase }, 'commands were rolled back');
      if (error instanceof StoreError && (!undone || (phase === 'commit' && error.code === 'broken'))) {
        setState({ type: 'broken', error });
      }
      onFailed?.(error);
      return failAll(batch, error);
    }
  }

  function flush(): void {
    scheduled = false;
    const begunAt = clock.monotonic();
    const batch = waiting.slice(0, maxBatch);
    waiting = waiting.slice(maxBatch);
    const { outcomes, commits, changes } = state.type === 'broken' ? failAll(batch, refusal()) : runBatch(batch);
    const tookMs = clock.monotonic() - begunAt;
    onTook?.(tookMs);
    if (tookMs > slowMs)
      logger.warn({ tookMs, commands: batch.length }, 'a commit was slow, and nothing else ran meanwhile');
    if (commits !== null) onCommit(commits, changes);
    for (const [index, outcome] of outcomes.entries()) batch[index]?.settle(outcome);
    if (waiting.length > 0) schedule();
    else whenIdle?.();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  function refusal(): StoreError {
    return state.type === 'broken'
      ? new StoreError('broken', `the store failed and must be opened again: ${state.error.message}`, {
          cause: state.error,
        })
      : new StoreError('closed', 'the store is closed: it takes no more commands');
  }

  return {
    apply(start) {
      if (state.type !== 'open') return Promise.reject(refusal());
      return new Promise((resolve, reject) => {
        waiting.push({
          start,
          settle: (outcome) => {
            if (outcome.type === 'done') resolve(outcome.result as never);
            else reject(outcome.error);
          },
        });
        schedule();
      });
    },
    isOpen: () => state.type === 'open',
    waiting: () => waiting.length,
    close() {
      if (state.type === 'open') setState({ type: 'closed' });
      if (!scheduled) return Promise.resolve();
      return new Promise((resolve) => {
        const earlier = whenIdle;
        whenIdle = () => {
          earlier?.();
          resolve();
        };
      });
    },
  };
}
