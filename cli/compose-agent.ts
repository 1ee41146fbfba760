import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Agent, createAgent } from '../agent/agent.ts';
import { type AgentMode, type AgentOptions, defaultAgentLimits } from '../agent/agent-options.ts';
import { systemWatchFolder } from '../agent/attempts/raw-watch.ts';
import { systemFreeBytes } from '../agent/attempts/spool.ts';
import type { AgentConfig } from '../agent/config.ts';
import { type DataFolder, toDataFolder } from '../agent/data-folder.ts';
import { createDummyExecutor } from '../agent/executors/dummy/dummy-executor.ts';
import type { Executor } from '../agent/executors/executor.ts';
import { createExecutors } from '../agent/executors/executors.ts';
import {
  createKubernetesExecutor,
  type KubernetesExecutor,
} from '../agent/executors/kubernetes/kubernetes-executor.ts';
import { type RunnerImage, toRunnerImage } from '../agent/executors/kubernetes/runner-image.ts';
import { findProgram } from '../agent/executors/process/find-program.ts';
import { readStandingBehind } from '../agent/executors/process/job-standing.ts';
import { createProcessExecutor } from '../agent/executors/process/process-executor.ts';
import type { Kubernetes } from '../agent/kubernetes/open-kubernetes.ts';
import { readMachineBootId } from '../agent/machine-boot-id.ts';
import { toPressureLimits } from '../agent/pressure/admission-keys.ts';
import { createLinuxPressure } from '../agent/pressure/linux-pressure.ts';
import { EnrolmentAnswer } from '../protocol/enrolment.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemFileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import { createLoopBoard, type LoopBoard } from '../runtime/loop-board.ts';
import { measureLoopLag } from '../runtime/loop-lag.ts';
import { systemRandom } from '../runtime/random.ts';
import { version } from '../runtime/version.ts';

export interface ComposedAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly loops: LoopBoard;
}

export interface ComposeOptions
  extends Pick<
    AgentOptions,
    'ways' | 'enrolment' | 'fetch' | 'network' | 'takeOwnerLock' | 'catalog' | 'probeRunner' | 'jobLog'
  > {
  readonly config: AgentConfig;
  readonly mode: AgentMode;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Null: it has no cluster. */
  readonly kubernetes: Kubernetes | null;
  /** What stands between the agent and each of its executors, where something does. */
  readonly adaptExecutor?: (executor: Executor) => Executor;
}

/** Puts an agent of this machine together: real clock, disk and processes. Disposing leaves at once, jobs run on. */
export async function composeAgent(options: ComposeOptions): Promise<ComposedAgent> {
  const { config, mode, environment, logger, ways, enrolment, fetch, network } = options;
  const { takeOwnerLock, catalog, probeRunner, jobLog } = options;
  await using opened = new AsyncDisposableStack();
  // POSIX promises a `sh` on the PATH, not where it is.
  const shell = findProgram('sh', { path: environment['PATH'], workingDirectory: process.cwd() }) ?? '/bin/sh';
  const executor = opened.use(
    createProcessExecutor({
      fileSystem: systemFileSystem,
      clock: systemClock,
      logger,
      shell,
      standing: readStandingBehind({ nice: config.jobNice, oomScore: config.jobOomScore }),
    }),
  );
  const dummy = opened.use(createDummyExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger }));
  const loops = createLoopBoard(systemClock);
  const folder = toDataFolder(resolve(config.data));
  const jobs =
    options.kubernetes === null
      ? null
      : opened.use(createJobs(options.kubernetes, folder, { runner: toRunnerImage(config), logger, loops }));
  const adapt = options.adaptExecutor ?? ((one: Executor) => one);
  const loopLag = opened.use(measureLoopLag(systemClock));
  const agent = opened.use(
    createAgent({
      dataFolder: resolve(config.data),
      name: config.name,
      labels: config.labels,
      slots: mode.type === 'once' ? 1 : config.slots,
      version,
      mode,
      enrolment,
      ways,
      catalog,
      executors: createExecutors(adapt(executor), [dummy, ...(jobs === null ? [] : [jobs])].map(adapt)),
      probeRunner,
      limits: {
        ...defaultAgentLimits,
        attempt: { ...defaultAgentLimits.attempt, graceMs: config.graceSeconds * 1000 },
        spool: { ...defaultAgentLimits.spool, maxBytes: config.spoolBytes },
        admission: { ...defaultAgentLimits.admission, pressure: toPressureLimits(config) },
      },
      machineBootId: readMachineBootId(),
      environment,
      clock: systemClock,
      random: systemRandom,
      logger,
      fileSystem: systemFileSystem,
      watchFolder: systemWatchFolder,
      freeBytes: systemFreeBytes,
      loopLag,
      pressure: createLinuxPressure(),
      loops,
      jobLog,
      fetch,
      network,
      takeOwnerLock,
    }),
  );
  // Rejects where the agent does not come to be, which others tell.
  if (jobs !== null) void agent.ready.then(() => jobs.begin()).catch(() => {});
  const disposables = opened.move();
  return { agent, loops, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

/** The agent has its id by the time at which anything asks for it. */
function createJobs(
  { client }: Kubernetes,
  folder: DataFolder,
  {
    runner,
    logger,
    loops,
  }: { readonly runner: RunnerImage | null; readonly logger: Logger; readonly loops: LoopBoard },
): KubernetesExecutor {
  let id: string | null = null;
  return createKubernetesExecutor({
    client,
    agentId: () => {
      id ??= EnrolmentAnswer.parse(JSON.parse(readFileSync(folder.identity, 'utf8'))).id;
      return id;
    },
    isKnown: async (attempt) => (await systemFileSystem.lstat(join(folder.attempts, attempt))) !== null,
    fileSystem: systemFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger,
    loops,
    runner,
  });
}
