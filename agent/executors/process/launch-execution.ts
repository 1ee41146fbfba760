import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { Execution, ExecutionTarget } from '../execution.ts';
import type { StartFailure } from '../executor.ts';
import { adoptExecution } from './adopt-execution.ts';
import { readFence, takeFence } from './fence.ts';
import type { LaunchedWrapper, Launcher } from './launcher.ts';
import { readProcessStatus } from './process-status.ts';
import type { ProcessTable } from './process-table.ts';
import { createProcessTree } from './process-tree.ts';
import { watchFor } from './watch-for.ts';
import { markStart, type StartMark } from './younger-ids.ts';

/** Starts the wrapper of a command in a prepared folder and follows it, until `signal` says to let go of it. */
export async function launchExecution(options: {
  readonly target: ExecutionTarget;
  readonly command: PreparedCommand;
  readonly launcher: Launcher;
  readonly fileSystem: FileSystem;
  readonly table: ProcessTable | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<{ readonly type: 'started'; readonly execution: Execution } | StartFailure> {
  const { target, command, launcher, fileSystem, table, clock, logger, signal } = options;
  const over = new AbortController();
  let wrapper: LaunchedWrapper | null = null;
  /** What another wrapper or a hook of the attempt left, if any, is older than this one. */
  const isFirst = basename(target.folder) === target.attempt && !['started', 'before'].some(isInFolder);
  let mark: StartMark | null = null;
  let tookFence = false;

  function isInFolder(name: string): boolean {
    return existsSync(`${target.folder}/${name}`);
  }

  /** Whether *this* wrapper took the fence: an earlier one may have, then ours ends at once. */
  async function readStart(): Promise<{ readonly at: number } | null> {
    const fence = await readFence(fileSystem, target.folder);
    if (fence.type !== 'wrapper' || fence.pid !== wrapper?.pid) return null;
    tookFence = true;
    return { at: fence.at };
  }

  async function waitForStart(): Promise<{ readonly at: number } | null> {
    const seen = await notice;
    // Let go before the end: whoever waits must not take that for one.
    if (seen === null && signal.aborted) return new Promise(() => {});
    return seen ?? tryToReadStart();
  }

  /** Only a wrapper leaves a `started` that cannot be read: it found the disk full, and went on. */
  async function readStartAtEnd(): Promise<{ readonly at: number } | null> {
    const fence = await readFence(fileSystem, target.folder);
    return fence.type === 'unreadable' ? { at: fence.at } : readStart();
  }

  /** Never rejects: whoever has to know how it ended reads the folder once more. */
  async function tryToReadStart(): Promise<{ readonly at: number } | null> {
    try {
      return await readStartAtEnd();
    } catch (err) {
      logger.warn({ err, attempt: target.attempt }, 'cannot see whether the command was started');
      return null;
    }
  }

  /** Nobody can say whether it was started: whoever gets the fence decides. */
  async function settleUnclear(
    message: string,
  ): Promise<{ readonly type: 'started'; readonly execution: Execution } | StartFailure> {
    if (await takeFence(fileSystem, target.folder)) return { type: 'failed', fault: 'environment', message };
    const found = await adoptExecution({ target, fileSystem, table, clock, signal });
    if (found !== null) return { type: 'started', execution: found };
    const fence = await readFence(fileSystem, target.folder);
    const started = Promise.resolve('at' in fence ? { at: fence.at } : null);
    const tree = createProcessTree({ attempt: target.attempt, leader: null, since: () => null, table, clock });
    return { type: 'started', execution: { ended: Promise.resolve(), started, ...tree } };
  }

  function letGo(): void {
    over.abort('over');
    wrapper?.release();
  }

  const notice = watchFor({ path: target.folder, name: 'started', check: readStart, clock, signal: over.signal });
  const launched = await launcher.launch(target.folder, command);
  if (launched.type !== 'launched') {
    over.abort('over');
    return launched.type === 'failed' ? launched : settleUnclear(launched.message);
  }
  wrapper = launched.wrapper;
  const { pid } = wrapper;
  if (isFirst) mark = markStart(pid, clock);
  const leader = { pid, startTime: readProcessStatus(pid)?.startTime ?? null };
  logger.debug({ attempt: target.attempt, pid }, 'wrapper launched');
  if (signal.aborted) letGo();
  else signal.addEventListener('abort', letGo);
  const ended = wrapper.ended.then(() => {
    signal.removeEventListener('abort', letGo);
    over.abort('over');
  });
  const since = () => (tookFence ? mark : null);
  const tree = createProcessTree({ attempt: target.attempt, leader, since, table, clock });
  return { type: 'started', execution: { ended, started: waitForStart(), ...tree } };
}
