import { dirname } from 'node:path';
import type { Execution, ExecutionTarget } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { readExitRecord } from '../../agent/executors/process/exit-record.ts';
import { readFence, takeFence } from '../../agent/executors/process/fence.ts';
import { prepareFolder } from '../../agent/executors/process/prepare-folder.ts';
import { processKind } from '../../agent/executors/process/process-kind.ts';
import { findSinkGaps } from '../../agent/executors/process/sink-gaps.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { JobScript, ProgramPart } from './job-script.ts';
import type { Machine } from './machine.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedWrapper } from './simulated-wrapper.ts';

const longestWaitMs = 50;

/** Runs what the simulation calls commands on a machine, with the files, the fence and the exit record of the process executor. */
export function createSimulatedExecutor(options: {
  readonly machine: Machine;
  readonly process: SimulatedProcess;
  readonly fileSystem: FileSystem;
  readonly scriptOf: (job: string) => JobScript;
}): Executor {
  const { machine, process, fileSystem, scriptOf } = options;
  const { clock } = process;

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void clock.schedule(delayMs, resolve));
  }

  /** As of a process tree: TERM once for each, KILL after the grace, and a sink is spared until half of the bound behind that. */
  function toTree(attempt: string): Pick<Execution, 'signal' | 'clear'> {
    const told = new Set<SimulatedWrapper>();
    const tell = (name: 'SIGTERM' | 'SIGKILL', sinksToo = false) =>
      process.through(name, () => {
        const found = machine.alive(attempt);
        for (const wrapper of found) {
          if (name === 'SIGKILL' || !told.has(wrapper)) wrapper.signal(name);
          if (sinksToo) wrapper.killSink();
          told.add(wrapper);
        }
        return found.length;
      });
    return {
      async signal(name) {
        await tell(name);
      },
      async clear({ graceMs, boundMs }) {
        const startedAt = clock.monotonic();
        const killAfterMs = Math.min(graceMs, boundMs);
        for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
          const usedMs = clock.monotonic() - startedAt;
          const sinksToo = usedMs >= (killAfterMs + boundMs) / 2;
          if ((await tell(usedMs >= killAfterMs ? 'SIGKILL' : 'SIGTERM', sinksToo)) === 0) return { escaped: 0 };
          await pause(waitMs);
        }
      },
    };
  }

  function endOf(wrapper: SimulatedWrapper): Promise<void> {
    return wrapper.ended.then(() => process.through('wrapper ended', () => {}));
  }

  async function readStart({ folder }: ExecutionTarget, pid: number): Promise<{ readonly at: number } | null> {
    const fence = await readFence(fileSystem, folder);
    if (fence.type === 'unreadable') return { at: fence.at };
    return fence.type === 'wrapper' && fence.pid === pid ? { at: fence.at } : null;
  }

  async function waitForStart(
    target: ExecutionTarget,
    wrapper: SimulatedWrapper,
  ): Promise<{ readonly at: number } | null> {
    for (let waitMs = 1; wrapper.isAlive; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      const fence = await readFence(fileSystem, target.folder).catch(() => null);
      if (fence?.type === 'wrapper' && fence.pid === wrapper.pid) return { at: fence.at };
      await pause(waitMs);
    }
    return readStart(target, wrapper.pid).catch(() => null);
  }

  function find(pid: number): SimulatedWrapper | null {
    const wrapper = machine.wrappers.get(pid);
    return wrapper?.isAlive === true ? wrapper : null;
  }

  return {
    kind: processKind,
    obstacle: () => null,
    onChange: () => () => {},
    async start(target, command) {
      const failure = await prepareFolder(fileSystem, target.folder, command);
      if (failure !== null) return failure;
      const { attempt, folder } = target;
      const { environment, output } = command;
      const job = environment['FARHAND_JOB_ID'] ?? '';
      const part = (environment['FARHAND_HOOK'] ?? 'command') as ProgramPart;
      const wrapper = await process.through(`spawn ${part}`, () =>
        machine.spawn({
          attempt,
          job,
          part,
          folder,
          home: output?.file === '../raw' ? dirname(folder) : folder,
          limitBytes: output?.limitBytes ?? null,
          environment,
          script: scriptOf(job)[part],
        }),
      );
      const execution: Execution = {
        ended: endOf(wrapper),
        started: waitForStart(target, wrapper),
        ...toTree(attempt),
      };
      return { type: 'started', execution };
    },
    async inspect({ folder }) {
      const fence = await readFence(fileSystem, folder);
      return fence.type === 'wrapper' ? { type: 'started', alive: find(fence.pid) !== null, at: fence.at } : fence;
    },
    takeFence: ({ folder }) => takeFence(fileSystem, folder),
    async adopt(target) {
      const fence = await readFence(fileSystem, target.folder);
      if (fence.type === 'recovered') return null;
      const [first] = await process.through('look for processes', () => machine.alive(target.attempt));
      if (first === undefined) return null;
      const at = fence.type === 'none' ? null : fence.at;
      const leader = fence.type === 'wrapper' ? find(fence.pid) : null;
      const ended = leader !== null ? endOf(leader) : fence.type === 'wrapper' ? Promise.resolve() : untilGone(target);
      return {
        ended,
        started: Promise.resolve(at === null ? null : { at }),
        ...(leader === null ? {} : { ranMs: clock.monotonic() - leader.spawnedAt }),
        ...toTree(target.attempt),
      };
    },
    readEnd: ({ folder }) => readExitRecord(fileSystem, folder),
    findGaps: ({ folder }, output) => findSinkGaps(fileSystem, folder, output),
    release: async () => {},
  };

  async function untilGone({ attempt }: ExecutionTarget): Promise<void> {
    const look = () => machine.alive(attempt).filter((one) => one.isTreeAlive).length;
    while ((await process.through('look for processes', look)) > 0) await pause(longestWaitMs);
  }
}
