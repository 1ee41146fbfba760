import { basename } from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { WatchFolder } from '../../attempts/raw-watch.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { Execution, ExecutionTarget } from '../execution.ts';
import type { Executor, FenceState } from '../executor.ts';
import { toFolderFailure } from '../folder-failure.ts';
import { makeRoomForExit } from '../process/exit-record.ts';
import { readFence, takeFence } from '../process/fence.ts';
import { refuseCommand, withoutShellOwned } from '../process/refuse-command.ts';
import { watchFor } from '../process/watch-for.ts';
import { toGoText } from './go-text.ts';
import { readNeighbourEnd } from './neighbour-end.ts';
import { neighbourKind } from './neighbour-kind.ts';
import type { NeighbourPipes } from './neighbour-pipes.ts';
import type { NeighbourPlace } from './neighbour-place.ts';

/** Group and owner: the pod's group is both containers', whoever they run as. Nobody removes what is another's. */
const folderMode = 0o3770;
const fileMode = 0o660;

export interface NeighbourExecutor extends Executor, Disposable {
  /** Nobody will start what has not begun by now: the platform ends the pod. */
  giveUpStart(): void;
  /** The container beside this one was seen, and is gone. */
  isGone(): boolean;
}

/**
 * Runs the one command of a pod in the container beside this one, whose wrapper (`wrapper-text.ts`) waits in the shared folder. The two share no
 * process ids: what the wrapper is told goes through a pipe, and that it lives is seen by another.
 *
 * Disposing lets go: promises of executions that were not settled by then never are.
 */
export function createNeighbourExecutor(options: {
  readonly place: NeighbourPlace;
  /** Closed with it. */
  readonly pipes: NeighbourPipes;
  readonly fileSystem: FileSystem;
  readonly watchFolder: WatchFolder;
  readonly clock: Clock;
}): NeighbourExecutor {
  const { place, pipes, fileSystem, watchFolder, clock } = options;
  const disposal = new AbortController();
  const { signal } = disposal;
  const givingUp = new AbortController();
  let wasSeen = false;

  async function hasCome(): Promise<boolean> {
    wasSeen ||= (await fileSystem.lstat(place.here)) !== null;
    return wasSeen;
  }

  async function cameAndWent(): Promise<boolean> {
    return (await hasCome()) && !pipes.isAlive();
  }

  async function isOver({ folder }: ExecutionTarget): Promise<boolean> {
    if (await cameAndWent()) return true;
    const fence = await readFence(fileSystem, folder);
    if (fence.type === 'recovered') return true;
    return givingUp.signal.aborted && fence.type === 'none' && (await takeFence(fileSystem, folder));
  }

  function follow(target: ExecutionTarget): Execution {
    const { folder } = target;
    const wait = async <T>(path: string, check: () => Promise<T | null>): Promise<T> => {
      const found = await watchFor({ path, check, watchFolder, clock, signal });
      // Let go before the end: whoever waits must not take that for one.
      return found ?? new Promise(() => {});
    };
    const begun = async (): Promise<{ readonly at: number } | null> => {
      const fence = await readFence(fileSystem, folder);
      return fence.type === 'wrapper' || fence.type === 'unreadable' ? { at: fence.at } : null;
    };
    const ended = wait(`${folder}/exit`, async () => ((await isOver(target)) ? true : null)).then(() => {});
    const started = wait<{ readonly at: number } | 'never'>(folder, async () => {
      const found = await begun();
      return found ?? ((await isOver(target)) ? ((await begun()) ?? 'never') : null);
    });
    return {
      ended,
      started: started.then((found) => (found === 'never' ? null : found)),
      signal: async (name) => pipes.order(name === 'SIGTERM' ? 'term' : 'kill'),
      async clear({ graceMs, boundMs }) {
        const until = clock.monotonic() + boundMs;
        pipes.order('term');
        if (await goneWithin(Math.min(graceMs, boundMs))) return { escaped: 0 };
        pipes.order('kill');
        // Never told to start, it waits for a word.
        if ((await readFence(fileSystem, folder)).type !== 'wrapper') await sendAway();
        return { escaped: (await goneWithin(until - clock.monotonic())) ? 0 : 1 };
      },
    };
  }

  async function goneWithin(ms: number): Promise<boolean> {
    const waiting = new AbortController();
    const gone = watchFor({
      path: place.shared,
      check: async () => (!(await hasCome()) || !pipes.isAlive() ? true : null),
      watchFolder,
      clock,
      signal: AbortSignal.any([waiting.signal, signal]),
    });
    const late = sleep(clock, Math.max(0, ms), waiting.signal).then(() => null);
    const found = await Promise.race([gone, late]);
    waiting.abort('over');
    return found === true;
  }

  async function prepareFiles({ folder }: ExecutionTarget, command: PreparedCommand): Promise<void> {
    await fileSystem.chmod(folder, folderMode);
    for (const { name, content, executable } of command.files)
      await write(`${folder}/${name}`, content, executable ? 0o770 : fileMode);
    await (await fileSystem.open(`${folder}/raw`, 'a', fileMode)).close();
    await makeRoomForExit(fileSystem, folder);
    for (const name of ['raw', 'exit']) await fileSystem.chmod(`${folder}/${name}`, fileMode);
    const environment = { ...withoutShellOwned(command.environment), FARHAND_ATTEMPT_ID: basename(folder) };
    await write(place.go, toGoText({ ...command, environment }), 0o640);
    await write(place.attempt, `${basename(folder)}\n`, 0o640);
  }

  async function write(path: string, content: string, mode: number): Promise<void> {
    await using file = await fileSystem.open(path, 'w', mode);
    await file.write(Buffer.from(content));
    await fileSystem.chmod(path, mode);
  }

  async function sendAway(): Promise<void> {
    await (await fileSystem.open(place.leave, 'w', fileMode)).close();
    pipes.order('leave');
  }

  async function start(target: ExecutionTarget, command: PreparedCommand) {
    const refusal = refuseCommand(command);
    if (refusal !== null) return refusal;
    try {
      await prepareFiles(target, command);
    } catch (error) {
      return toFolderFailure(error);
    }
    pipes.order('start');
    return { type: 'started', execution: follow(target) } as const;
  }

  return {
    kind: neighbourKind,
    obstacle: () => null,
    onChange: () => () => {},
    start,
    async inspect({ folder }): Promise<FenceState> {
      await hasCome();
      const fence = await readFence(fileSystem, folder);
      return fence.type === 'wrapper' ? { type: 'started', alive: pipes.isAlive(), at: fence.at } : fence;
    },
    takeFence: ({ folder }) => takeFence(fileSystem, folder),
    async adopt(target) {
      const fence = await readFence(fileSystem, target.folder);
      return fence.type === 'recovered' || !pipes.isAlive() ? null : follow(target);
    },
    readEnd: ({ folder }) => readNeighbourEnd(fileSystem, folder),
    findGaps: async () => [],
    release: () => sendAway(),
    giveUpStart: () => givingUp.abort('the pod ends'),
    isGone: () => wasSeen && !pipes.isAlive(),
    [Symbol.dispose]() {
      disposal.abort('let go');
      pipes[Symbol.dispose]();
    },
  };
}
