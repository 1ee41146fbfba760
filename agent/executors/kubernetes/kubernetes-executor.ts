import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { LoopBoard } from '../../../runtime/loop-board.ts';
import type { Random } from '../../../runtime/random.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import type { Execution, ExecutionTarget } from '../execution.ts';
import type { Executor, FenceState, StartFailure } from '../executor.ts';
import type { JobBoard } from './job-board.ts';
import { createJobCalls } from './job-calls.ts';
import { defaultJobLimits, type JobContext, type JobLimits } from './job-context.ts';
import { countStates, createJobCounter } from './job-counts.ts';
import { JobExecution } from './job-execution.ts';
import { type JobManifest, outputsPath, toJobManifest } from './job-manifest.ts';
import { jobMarks } from './job-marks.ts';
import { type JobRecord, jobRecordFile } from './job-record.ts';
import { JobSettings } from './job-settings.ts';
import type { JobsStatus } from './jobs-status.ts';
import { kubernetesKind } from './kubernetes-kind.ts';
import type { NotedNamespaces } from './noted-namespaces.ts';
import { PatchError } from './patch-error.ts';
import type { RunnerImage } from './runner-image.ts';
import { toOrderFiles } from './runner-pod.ts';
import { fail, toStartFailure } from './start-failure.ts';
import { sweepJobs } from './sweep-jobs.ts';
import { createTurns } from './turns.ts';
import { unmadeJob } from './unmade-job.ts';
import { type JobWatch, watchJobs } from './watch-jobs.ts';

/** What a Secret holds at most, with room for the names in it. Source: Kubernetes, MaxSecretSize. */
const maxSecretBytes = 1024 * 1024 - 64 * 1024;
/** What a node waits for where neither the automation nor the agent says. */
const defaultGraceSeconds = 30;

export interface KubernetesExecutorOptions {
  readonly client: KubernetesClient;
  /** Id of this agent: what another made is never touched. Asked when there is something to do, for the first time. */
  readonly agentId: () => string;
  /** Whether an attempt has a folder on this machine. */
  readonly isKnown: (attempt: string) => Promise<boolean>;
  /** Where Jobs were made, and may be left. */
  readonly namespaces: NotedNamespaces;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly loops: LoopBoard;
  readonly limits?: JobLimits;
  /** Runs beside each command that is handed over; null: the log is what the kubelet has. */
  readonly runner?: RunnerImage | null;
}

export interface KubernetesExecutor extends Executor, AsyncDisposable {
  /** To be called when the agent has its identity and has read its attempts: looks for what is left in the cluster, and hears of it from now on. */
  begin(): void;
  readonly status: JobsStatus;
}

/**
 * Runs each command as a Job of a cluster, in a container of the automation's image. A Job is made suspended, then its Secret, and only
 * then it is let go, which is written down durably before: so a call that nobody knows the end of starts nothing, and the record in
 * the attempt's folder is the fence. The log is the kubelet's, copied into `raw`.
 *
 * Disposing lets go of all executions; what runs goes on.
 */
export function createKubernetesExecutor(options: KubernetesExecutorOptions): KubernetesExecutor {
  const {
    client,
    agentId,
    isKnown,
    namespaces,
    fileSystem,
    clock,
    random,
    logger,
    loops,
    limits = defaultJobLimits,
    runner = null,
  } = options;
  const disposal = new AbortController();
  const { signal } = disposal;
  const calls = createJobCalls(client, signal);
  const counter = createJobCounter();
  const turns = createTurns();
  const watches = new Map<string, JobWatch>();
  const listeners = new Set<() => void>();
  let sweeping: Promise<void> | null = null;
  const unswept = new Map<string, string | null>();
  let isListed = false;
  const running = new Map<string, JobExecution>();

  function boardOf(namespace: string): JobBoard {
    const known = watches.get(namespace);
    if (known !== undefined) return known.board;
    const watch = watchJobs({
      client,
      namespace,
      agent: agentId(),
      clock,
      random,
      logger,
      loops,
      onChange: tellChange,
    });
    watches.set(namespace, watch);
    return watch.board;
  }

  function tellChange(): void {
    for (const listener of listeners) listener();
  }

  function findObstacle(): string | null {
    return [...watches.values()].map(({ obstacle }) => obstacle).find((obstacle) => obstacle !== null) ?? null;
  }

  const context: JobContext = { fileSystem, clock, logger, calls, counter, boardOf, limits, signal };
  const recordOf = ({ folder }: ExecutionTarget) => jobRecordFile(fileSystem, folder);

  function follow(target: ExecutionTarget, record: JobRecord, isAdopted: boolean): JobExecution {
    const known = running.get(target.folder);
    if (known !== undefined) return known;
    const execution = new JobExecution(context, { target, file: recordOf(target), record, isAdopted });
    running.set(target.folder, execution);
    void execution.ended.then(() => running.delete(target.folder));
    return execution;
  }

  async function start(target: ExecutionTarget, command: PreparedCommand): ReturnType<Executor['start']> {
    const file = recordOf(target);
    const earlier = await file.read();
    // Whoever was first has it, or nobody ever will.
    if (earlier !== null && earlier.phase !== 'making') return { type: 'started', execution: inertExecution };
    const settings = JobSettings.safeParse(command.settings);
    if (!settings.success) return fail('command', 'Expected an image for the pod (kubernetes.image), got none');
    const namespace = settings.data.namespace ?? client.namespace;
    const place = earlier?.place ?? randomUUID();
    const environment = { ...command.environment, FARHAND_ATTEMPT_ID: target.attempt };
    const { handover } = command;
    const caPath = runner?.caPath ?? null;
    const ca = handover === undefined || caPath === null ? null : await readFile(caPath, 'utf8');
    const given =
      handover === undefined
        ? toPodCommand({ ...command, environment })
        : { ...command, argv: ['sh'] as const, environment: {}, files: toOrderFiles(handover, ca) };
    const size = [...Object.values(given.environment), ...given.files.map(({ content }) => content)]
      .map((text) => Buffer.byteLength(text))
      .reduce((sum, bytes) => sum + bytes, 0);
    if (size > maxSecretBytes) {
      return fail(
        'command',
        `Expected at most ${maxSecretBytes} bytes of variables and files, which is what a Secret holds, got ${size}: give fewer or shorter parameters and secrets`,
      );
    }
    const nul = [...given.argv, ...Object.values(given.environment)].some((text) => text.includes('\0'));
    if (nul)
      return fail('command', 'Expected arguments and variables without NUL, got one that no program can be given');
    const { timeoutMs = null, graceMs = null } = command.bounds ?? {};
    const graceSeconds = graceMs === null ? defaultGraceSeconds : Math.ceil(graceMs / 1000);
    let manifest: JobManifest;
    try {
      manifest = toJobManifest({
        identity: { attempt: target.attempt, agent: agentId(), namespace, place },
        command: given,
        settings: settings.data,
        graceSeconds,
        timeoutMs,
        ...(handover === undefined || runner === null ? {} : { runner }),
      });
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      return fail(
        'command',
        `Expected a patch that fits (kubernetes.patch), got one of ${error.path.join('.')}: ${error.message}`,
      );
    }
    const raw = await fileSystem.lstat(join(target.folder, 'raw'));
    const record: JobRecord = earlier ?? {
      phase: 'making',
      place,
      namespace,
      name: manifest.name,
      digest: manifest.digest,
      uid: null,
      letGoAt: null,
      base: raw?.size ?? 0,
      limitBytes: command.output?.limitBytes ?? null,
      graceSeconds,
      pendingMs: settings.data.pendingSeconds * 1000,
      imageMs: settings.data.imageSeconds * 1000,
      sawRunning: false,
      startedAt: null,
      isStopped: false,
      end: null,
      gaps: [],
      ...(handover === undefined ? {} : { hasRunner: true }),
    };
    await namespaces.note(namespace);
    if (earlier === null) await file.write(record);
    const made = await make(record, { ...manifest, isAgain: earlier !== null });
    // What it was written for may be there in part: the release looks for it.
    if (typeof made !== 'string') return made;
    if ((await fileSystem.lstat(join(target.folder, 'intent.json'))) !== null) {
      const end = {
        type: 'platform',
        cause: 'start-failed',
        started: false,
        retrySafe: true,
        message: 'the command was to be stopped before its Job was let go',
        status: null,
        marked: true,
        at: null,
      } as const;
      await file.write({ ...record, uid: made, phase: 'ended', end });
      return { type: 'started', execution: inertExecution };
    }
    const letGo: JobRecord = { ...record, uid: made, phase: 'let-go', letGoAt: clock.now() };
    await file.write(letGo);
    return { type: 'started', execution: follow(target, letGo, false) };
  }

  /** The Job, suspended, and its Secret; resolves with the Job's uid. */
  async function make(
    record: JobRecord,
    { job, toSecret, digest, isAgain }: JobManifest & { readonly isAgain: boolean },
  ): Promise<string | StartFailure> {
    try {
      let made = await calls.createJob(record, job);
      if (made !== null && isAgain) counter.adopted('remade');
      if (made === null) {
        made = await calls.getJob(record);
        const { annotations } = made?.metadata ?? {};
        if (
          made === null ||
          annotations?.[jobMarks.place] !== record.place ||
          annotations[jobMarks.digest] !== digest
        ) {
          counter.adopted('foreign');
          return fail(
            'environment',
            `Expected no Job ${record.name} in namespace ${record.namespace}, found one that is not of this attempt's folder: delete it when nobody needs it`,
          );
        }
        counter.adopted('found');
      }
      const { uid } = made.metadata;
      await calls.putSecret(record, toSecret(uid));
      return uid;
    } catch (error) {
      if (error instanceof KubernetesError) return toStartFailure(error);
      throw error;
    }
  }

  /** What is left of another life of this agent. */
  async function sweep(): Promise<void> {
    boardOf(client.namespace);
    const noted = await namespaces.list().catch((err: unknown) => {
      logger.warn({ err }, 'namespaces of earlier Jobs cannot be read');
      return [];
    });
    const all = [...new Set([client.namespace, ...noted])];
    for (const namespace of all) unswept.set(namespace, null);
    isListed = true;
    await sweepJobs(all, { client, calls, counter, unswept, agent: agentId(), isKnown, clock, logger, signal });
  }

  return {
    kind: kubernetesKind,
    get status() {
      return {
        states: countStates([...running.values()].map(({ state }) => state)),
        counts: counter.counts,
        sweep: {
          done: isListed && unswept.size === 0,
          error: [...unswept.values()].find((error) => error !== null) ?? null,
        },
        watches: [...watches.values()].flatMap(({ status }) => status),
      };
    },
    handsOver: runner !== null,
    begin: () => {
      sweeping ??= sweep();
    },
    obstacle: findObstacle,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: (target, command) => turns.take(target.folder, () => start(target, command)),
    inspect: async (target): Promise<FenceState> => {
      const record = await recordOf(target).read();
      if (record === null || record.phase === 'making') return { type: 'none' };
      if (record.phase === 'fenced') return { type: 'recovered' };
      return { type: 'started', alive: record.phase === 'let-go', at: record.startedAt };
    },
    takeFence: (target) =>
      turns.take(target.folder, async () => {
        const file = recordOf(target);
        const record = await file.read();
        if (record !== null && record.phase !== 'making') return record.phase === 'fenced';
        await file.write({ ...(record ?? unmadeJob), phase: 'fenced' });
        return true;
      }),
    adopt: (target) =>
      turns.take(target.folder, async () => {
        const record = await recordOf(target).read();
        return record?.phase === 'let-go' ? follow(target, record, true) : null;
      }),
    readEnd: async (target) => (await recordOf(target).read())?.end ?? null,
    findGaps: async (target) => {
      const record = await recordOf(target).read();
      if (record === null) return [{ at: 0, bytes: null, why: 'output-lost' }];
      return record.gaps;
    },
    release: (target) =>
      turns.take(target.folder, async () => {
        const record = await recordOf(target).read();
        if (record === null || record.name === '') return;
        const job = record.uid === null ? await calls.getJob(record) : null;
        const uid =
          record.uid ?? (job?.metadata.annotations?.[jobMarks.place] === record.place ? job.metadata.uid : null);
        if (uid !== null) await calls.deleteJob(record, uid);
      }),
    [Symbol.asyncDispose]: async () => {
      disposal.abort('disposed');
      await sweeping;
      await Promise.all([...watches.values()].map((watch) => watch[Symbol.asyncDispose]()));
    },
  };
}

/** Nothing was begun, and nothing is to be waited for. */
const inertExecution: Execution = {
  ended: Promise.resolve(),
  started: Promise.resolve(null),
  signal: async () => {},
  clear: async () => ({ escaped: 0 }),
};

/** What a job writes as its outputs is taken from where the kubelet takes it. */
function toPodCommand(command: PreparedCommand): PreparedCommand {
  const { environment } = command;
  return 'FARHAND_OUTPUTS' in environment
    ? { ...command, environment: { ...environment, FARHAND_OUTPUTS: outputsPath } }
    : command;
}
