import { resolve } from 'node:path';
import { type Agent, createAgent } from '../agent/agent.ts';
import { type AgentMode, type AgentOptions, defaultAgentLimits } from '../agent/agent-options.ts';
import { systemWatchFolder } from '../agent/attempts/raw-watch.ts';
import { systemFreeBytes } from '../agent/attempts/spool.ts';
import type { Catalog } from '../agent/automations/catalog.ts';
import type { AgentConfig } from '../agent/config.ts';
import { createDummyExecutor } from '../agent/executors/dummy/dummy-executor.ts';
import type { Executor } from '../agent/executors/executor.ts';
import { createExecutors } from '../agent/executors/executors.ts';
import type { KubernetesExecutor } from '../agent/executors/kubernetes/kubernetes-executor.ts';
import { findProgram } from '../agent/executors/process/find-program.ts';
import { readStandingBehind } from '../agent/executors/process/job-standing.ts';
import { createProcessExecutor } from '../agent/executors/process/process-executor.ts';
import type { ClusterAccount } from '../agent/kubernetes/cluster-account.ts';
import type { Kubernetes } from '../agent/kubernetes/open-kubernetes.ts';
import { readMachineBootId } from '../agent/machine-boot-id.ts';
import type { StartOrchestrator } from '../agent/orchestrators/orchestrator.ts';
import { toPressureLimits } from '../agent/pressure/admission-keys.ts';
import { createLinuxPressure } from '../agent/pressure/linux-pressure.ts';
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
  /** Null where the agent uses none. Whoever opened it closes it. */
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
  const adapt = options.adaptExecutor ?? ((one: Executor) => one);
  const loopLag = opened.use(measureLoopLag(systemClock));
  const loops = createLoopBoard(systemClock);
  const cluster =
    options.kubernetes === null ? null : await useCluster(options.kubernetes, { config, catalog, logger, loops });
  if (cluster !== null) {
    opened.use(cluster.account);
    opened.use(cluster.jobs);
    opened.use(cluster.catalog);
  }
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
      catalog: cluster?.catalog ?? catalog,
      executors: createExecutors(adapt(executor), [dummy, ...(cluster === null ? [] : [cluster.jobs])].map(adapt)),
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
      kubernetes: cluster?.account ?? null,
      orchestrators: cluster?.orchestrators ?? [],
      fetch,
      network,
      takeOwnerLock,
    }),
  );
  // Rejects where the agent does not come to be, which others tell.
  if (cluster !== null) void agent.ready.then(() => cluster.jobs.begin()).catch(() => {});
  const disposables = opened.move();
  return { agent, loops, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

/** What an agent without a cluster does not load. */
async function useCluster(
  kubernetes: Kubernetes,
  options: {
    readonly config: AgentConfig;
    readonly catalog: Catalog;
    readonly logger: Logger;
    readonly loops: LoopBoard;
  },
): Promise<{
  readonly account: ClusterAccount & AsyncDisposable;
  readonly orchestrators: readonly StartOrchestrator[];
  readonly jobs: KubernetesExecutor;
  readonly catalog: Catalog & AsyncDisposable;
}> {
  const [
    { startClusterAccount },
    { createKubernetesOrchestrator },
    { createJobExecutor },
    { createTriedCatalog },
    { toRunnerImage },
  ] = await Promise.all([
    import('../agent/kubernetes/cluster-account.ts'),
    import('../agent/orchestrators/kubernetes/kubernetes-orchestrator.ts'),
    import('./create-job-executor.ts'),
    import('../agent/executors/kubernetes/tried-catalog.ts'),
    import('../agent/executors/kubernetes/runner-image.ts'),
  ]);
  const common = { ...options, clock: systemClock, random: systemRandom };
  const watch = createKubernetesOrchestrator({ ...common, client: kubernetes.client, cluster: kubernetes.cluster });
  const jobs = createJobExecutor(kubernetes, options);
  return {
    account: startClusterAccount({ ...common, kubernetes, jobs: () => jobs.status }),
    orchestrators: options.config.kubernetesInventory ? [watch] : [],
    jobs,
    catalog: createTriedCatalog(options.catalog, {
      ...common,
      client: kubernetes.client,
      runner: toRunnerImage(options.config),
    }),
  };
}
