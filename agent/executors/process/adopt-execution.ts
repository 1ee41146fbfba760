import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Execution, ExecutionTarget } from '../execution.ts';
import { readFence } from './fence.ts';
import { toProcessAge } from './process-age.ts';
import { isAlive, readProcessStatus } from './process-status.ts';
import type { ProcessTable } from './process-table.ts';
import { createProcessTree, type Leader } from './process-tree.ts';
import { watchFor } from './watch-for.ts';

/**
 * Watches what an earlier agent started; null when nothing of it is alive. A wrapper that is dead while its command is
 * not gives an execution that has ended, so that the rest of the tree can be cleared.
 */
export async function adoptExecution(options: {
  readonly target: ExecutionTarget;
  readonly fileSystem: FileSystem;
  readonly table: ProcessTable | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Execution | null> {
  const { target, fileSystem, table, clock, signal } = options;
  const { attempt, folder } = target;

  const findAll = async () => table?.find({ attempt, since: null });

  function toExecution(leader: Leader | null, ended: Promise<void>, at: number | null): Execution {
    const ranMs = toProcessAge(leader?.startTime ?? null);
    return {
      ended,
      started: Promise.resolve(at === null ? null : { at }),
      ...(ranMs === null ? {} : { ranMs }),
      ...createProcessTree({ attempt, leader, since: () => null, table, clock }),
    };
  }

  /** Without sinks: those lead a session too, end by themselves, and are nobody to wait for. */
  async function findCarriers(): Promise<readonly number[]> {
    const found = await findAll();
    return found?.pids.filter((pid) => !found.sinks.has(pid)) ?? [];
  }

  async function waitUntil(isOver: () => Promise<boolean>): Promise<void> {
    const check = async () => ((await isOver()) ? true : null);
    const over = await watchFor({ path: `${folder}/exit`, check, clock, signal });
    // Let go before the end: whoever waits must not take that for one.
    if (over === null) await new Promise(() => {});
  }

  const fence = await readFence(fileSystem, folder);
  switch (fence.type) {
    case 'recovered':
      return null;
    case 'wrapper': {
      if (isAlive(fence))
        return toExecution(
          fence,
          waitUntil(async () => !isAlive(fence)),
          fence.at,
        );
      // Its group cannot be trusted any more: the id may be another's by now.
      return ((await findAll())?.pids ?? []).length === 0 ? null : toExecution(null, Promise.resolve(), fence.at);
    }
    // One that is not there any more was removed by the command itself.
    case 'none':
    case 'unreadable': {
      const at = fence.type === 'none' ? null : fence.at;
      const carriers = await findCarriers();
      const leader = carriers.map(readProcessStatus).find((status) => status?.pid === status?.session) ?? null;
      if (leader !== null)
        return toExecution(
          leader,
          waitUntil(async () => !isAlive(leader)),
          at,
        );
      if (((await findAll())?.pids ?? []).length === 0) return null;
      return toExecution(
        null,
        waitUntil(async () => (await findCarriers()).length === 0),
        at,
      );
    }
  }
}
