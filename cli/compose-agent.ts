import { resolve } from 'node:path';
import { type Agent, createAgent } from '../agent/agent.ts';
import { type AgentMode, defaultAgentLimits } from '../agent/agent-options.ts';
import { systemWatchFolder } from '../agent/attempts/raw-watch.ts';
import { systemFreeBytes } from '../agent/attempts/spool.ts';
import { type Catalog, openCatalog } from '../agent/automations/catalog.ts';
import { shippedProbes } from '../agent/automations/shipped-probes.ts';
import type { AgentConfig } from '../agent/config.ts';
import { findProgram } from '../agent/executors/process/find-program.ts';
import { createProcessExecutor } from '../agent/executors/process/process-executor.ts';
import { measureLoopLag } from '../agent/loop-lag.ts';
import { readMachineBootId } from '../agent/machine-boot-id.ts';
import { createProcessProbeRunner } from '../agent/probes/process-probe-runner.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemFileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import { takeOwnerLock } from '../runtime/owner-lock.ts';
import { systemRandom } from '../runtime/random.ts';
import { version } from '../runtime/version.ts';
import { defaultLimits } from '../transports/limits.ts';
import { createWebsocketTransport } from '../transports/websocket/websocket-transport.ts';

export interface ComposedAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly catalog: Catalog;
}

/** Puts an agent of this machine together: real clock, disk, processes and network. Disposing leaves at once, jobs run on. */
export async function composeAgent(options: {
  readonly config: AgentConfig;
  readonly hubUrl: URL;
  readonly mode: AgentMode;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}): Promise<ComposedAgent> {
  const { config, hubUrl, mode, environment, logger } = options;
  await using opened = new AsyncDisposableStack();
  const catalog = await openCatalog(resolve(config.automations), {
    shipped: config.probes === 'shipped' ? shippedProbes : null,
  });
  // POSIX promises a `sh` on the PATH, not where it is.
  const shell = findProgram('sh', { path: environment['PATH'], workingDirectory: process.cwd() }) ?? '/bin/sh';
  const executor = opened.use(
    createProcessExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger, shell }),
  );
  const loopLag = opened.use(measureLoopLag());
  const agent = opened.use(
    createAgent({
      dataFolder: resolve(config.data),
      name: config.name,
      labels: config.labels,
      slots: mode.type === 'once' ? 1 : config.slots,
      version,
      mode,
      enrolment:
        config.joinToken === null ? null : { hubUrl: hubUrl.href.replace(/^ws/, 'http'), joinToken: config.joinToken },
      transport: createWebsocketTransport({ url: hubUrl.href, clock: systemClock, limits: defaultLimits, logger }),
      catalog,
      executor,
      probeRunner: createProcessProbeRunner({ clock: systemClock }),
      limits: {
        ...defaultAgentLimits,
        attempt: { ...defaultAgentLimits.attempt, graceMs: config.graceSeconds * 1000 },
        spool: { ...defaultAgentLimits.spool, maxBytes: config.spoolBytes },
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
      fetch: globalThis.fetch,
      takeOwnerLock,
    }),
  );
  const disposables = opened.move();
  return { agent, catalog, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}
