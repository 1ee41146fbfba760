import { z } from 'zod';
import type { CommandEnd } from '../../agent/executors/command-end.ts';
import type { Execution, ExecutionTarget } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { kubernetesKind } from '../../agent/executors/kubernetes/kubernetes-kind.ts';
import { type RecordFile, recordFile } from '../../agent/record-file.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { Random } from '../../runtime/random.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedProcess } from './simulated-process.ts';

const lookEveryMs = 300;
/** What a pod may take beyond its command's grace: its runner has its own. */
const slackMs = 30_000;

const PodsRecord = z.object({
  phase: z.enum(['making', 'let-go', 'ended', 'fenced']),
  place: z.string(),
  end: z.custom<CommandEnd>().nullable(),
});
type PodsRecord = z.infer<typeof PodsRecord>;

/**
 * Gives commands to pods of the simulation's cluster, as the executor of Jobs does: a Job is made suspended, and let go when that is written down, so
 * the record in the attempt's folder is the fence.
 */
export function createPodExecutor(options: {
  readonly cluster: SimulatedCluster;
  readonly owner: string;
  readonly process: SimulatedProcess;
  readonly fileSystem: FileSystem;
  readonly random: Random;
}): Executor {
  const { cluster, owner, process, fileSystem, random } = options;
  const { clock } = process;
  const following = new Map<string, Execution>();
  const fileOf = ({ folder }: ExecutionTarget) => recordFile(fileSystem, `${folder}/pods.json`, PodsRecord);

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void clock.schedule(delayMs, resolve));
  }

  function follow(target: ExecutionTarget, file: RecordFile<PodsRecord>, record: PodsRecord): Execution {
    const known = following.get(target.folder);
    if (known !== undefined) return known;
    const { attempt } = target;
    const { place } = record;
    let isOver = false;
    const run = async () => {
      await process.through('let Job go', () => cluster.letGo(attempt, place));
      for (;;) {
        const seen = await process.through('look at Job', () => cluster.look(attempt, place));
        if (seen.type === 'over') {
          await file.write({ ...record, phase: 'ended', end: seen.end });
          break;
        }
        await pause(lookEveryMs);
      }
      isOver = true;
    };
    const ended = untilItWent(run, target).then(() => void following.delete(target.folder));
    const stop = (graceMs: number) => process.through('stop Job', () => cluster.stop(attempt, place, graceMs));
    const execution: Execution = {
      ended,
      started: ended.then(() => null),
      signal: (name) => stop(name === 'SIGTERM' ? 10_000 : 0),
      async clear({ graceMs, boundMs }) {
        if (!isOver) await stop(graceMs);
        await Promise.race([ended, pause(boundMs + slackMs)]);
        return { escaped: isOver ? 0 : 1 };
      },
    };
    following.set(target.folder, execution);
    return execution;
  }

  /** A disk that takes no record is asked again, for as long as the folder is there. */
  async function untilItWent(run: () => Promise<void>, { folder }: ExecutionTarget): Promise<void> {
    for (;;) {
      try {
        return await run();
      } catch {
        await pause(1_000);
        if ((await fileSystem.lstat(folder).catch(() => null)) === null) return;
      }
    }
  }

  return {
    kind: kubernetesKind,
    handsOver: true,
    obstacle: () => null,
    onChange: () => () => {},
    async start(target, { handover }) {
      if (handover === undefined) throw new Error('expected a ticket, got a command to run here');
      const { attempt, folder } = target;
      const file = fileOf(target);
      const earlier = await file.read();
      if (earlier !== null && earlier.phase !== 'making') return { type: 'started', execution: inertExecution };
      const record: PodsRecord = earlier ?? { phase: 'making', place: random.uuid(), end: null };
      if (earlier === null) await file.write(record);
      const isOurs = await process.through('create Job', () =>
        cluster.createJob({ owner, attempt, handover }, record.place),
      );
      if (!isOurs) return { type: 'failed', fault: 'environment', message: 'there is another Job of this name' };
      if ((await fileSystem.lstat(`${folder}/intent.json`)) !== null) {
        await file.write({ ...record, phase: 'ended', end: neverLetGo });
        return { type: 'started', execution: inertExecution };
      }
      const letGo = { ...record, phase: 'let-go' } as const;
      await file.write(letGo);
      return { type: 'started', execution: follow(target, file, letGo) };
    },
    async inspect(target) {
      const record = await fileOf(target).read();
      if (record === null || record.phase === 'making') return { type: 'none' };
      return record.phase === 'fenced'
        ? { type: 'recovered' }
        : { type: 'started', alive: record.phase === 'let-go', at: null };
    },
    async takeFence(target) {
      const file = fileOf(target);
      const record = await file.read();
      if (record !== null && record.phase !== 'making') return record.phase === 'fenced';
      await file.write({ place: '', end: null, ...record, phase: 'fenced' });
      return true;
    },
    async adopt(target) {
      const file = fileOf(target);
      const record = await file.read();
      return record?.phase === 'let-go' ? follow(target, file, record) : null;
    },
    readEnd: async (target) => (await fileOf(target).read())?.end ?? null,
    findGaps: async () => [],
    async release(target) {
      const record = await fileOf(target).read();
      if (record !== null) await process.through('delete Job', () => cluster.delete(target.attempt, record.place));
    },
  };
}

const neverLetGo: CommandEnd = {
  type: 'platform',
  cause: 'start-failed',
  started: false,
  retrySafe: true,
  message: 'the command was to be stopped before its Job was let go',
  status: null,
  marked: true,
  at: null,
};

/** Nothing was begun, and nothing is to be waited for. */
const inertExecution: Execution = {
  ended: Promise.resolve(),
  started: Promise.resolve(null),
  signal: async () => {},
  clear: async () => ({ escaped: 0 }),
};
