import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Automation } from '../../agent/automations/automation.ts';
import { type Catalog, openCatalog } from '../../agent/automations/catalog.ts';
import { type AgentConfig, usualAutomations } from '../../agent/config.ts';
import { toDataFolder } from '../../agent/data-folder.ts';
import { recordFile } from '../../agent/record-file.ts';
import { defaultAccount } from '../../hub/account.ts';
import { EnrolmentAnswer } from '../../protocol/enrolment.ts';
import type { Job, JobRequest } from '../../protocol/job.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { ConfigSources } from '../../runtime/configuration/load-configuration.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createProcessLogger } from '../../runtime/process-logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createMemoryListener } from '../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../transports/memory/memory-transport.ts';
import { createMemoryNetwork } from '../../transports/memory/network.ts';
import { composeAgent } from '../compose-agent.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import type { Output } from '../output.ts';
import { chooseAutomation } from './choose-automation.ts';
import { loadExecConfig } from './exec-config.ts';
import { type ExecEnd, ExecJob } from './exec-job.ts';
import { createHastyExecutor } from './hasty-executor.ts';
import { OwnHub } from './own-hub.ts';

export interface ExecuteOptions {
  readonly request: JobRequest;
  /** Where the request came from, for messages. */
  readonly source: string;
  readonly sources: ConfigSources;
  /** What relative paths start at. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes the log. Something else only where something was left behind, or with `verbose`. */
  readonly stderr: Output;
  readonly verbose: boolean;
  /** The job is to be cancelled. */
  readonly cancel: AbortSignal;
  /** What is being stopped gets no grace any more. */
  readonly hurry: AbortSignal;
}

/** In memory there is nothing in the way that could be lost. */
const address = 'exec';

/**
 * Runs one job with an agent and a hub of its own, both in this process, and answers it as it ended. All that an agent does for a job is done by
 * the agent itself; what it keeps on the disk is in a folder that is gone afterwards. Throws a `Failure` or `ConfigError` before anything was started.
 */
export async function executeJob(options: ExecuteOptions): Promise<Job> {
  const { request, source, stderr } = options;
  const data = await makeDataFolder();
  let keep = false;
  try {
    const config = loadExecConfig(options.sources, data);
    const catalog = await openCatalog(resolve(options.folder, config.automations ?? usualAutomations));
    const { name, labels } = config;
    const automation = chooseAutomation(catalog.current, { request, source, agent: { name, labels } });
    const end = await runJob(options, { config, catalog, automation });
    keep = end.escaped > 0 || end.job.state === 'lost';
    if (keep) await stderr.line(`farhand: processes of this job may still run; its folder is kept: ${data}`);
    return end.job;
  } finally {
    if (!keep) await rm(data, { recursive: true, force: true });
  }
}

async function makeDataFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'farhand-exec-'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.usage, `no folder can be made for the job in ${tmpdir()} (${why})`, [
      'TMPDIR names the folder to make it in',
    ]);
  }
}

async function runJob(
  { request, environment, stderr, verbose, cancel, hurry }: ExecuteOptions,
  given: { readonly config: AgentConfig; readonly catalog: Catalog; readonly automation: Automation },
): Promise<ExecEnd> {
  const { config, catalog, automation } = given;
  const logger = verbose
    ? createProcessLogger({ name: 'exec', level: 'info', format: 'pretty', color: stderr.hasColor })
    : silentLogger;
  const common = { clock: systemClock, random: systemRandom, logger };
  const agent = { id: systemRandom.uuid(), name: config.name };
  const identity = recordFile(systemFileSystem, toDataFolder(config.data).identity, EnrolmentAnswer);
  await identity.write({ ...agent, account: defaultAccount });
  const wire = { ...common, network: createMemoryNetwork(common), address, limits: defaultLimits };
  const job = new ExecJob({
    ...common,
    request,
    automation: automation.summary,
    agentName: agent.name,
    trace: { traceparent: environment['TRACEPARENT'], tracestate: environment['TRACESTATE'] },
    write: (bytes) => stderr.write(bytes),
    onWish: (attempt) => hub.publish(attempt),
  });
  await using hub = new OwnHub({
    ...common,
    agent,
    job,
    listener: createMemoryListener<string>({
      ...wire,
      authenticate: async () => ({ type: 'admitted', principal: agent.id }),
    }),
  });
  await using composed = await composeAgent({
    config,
    catalog,
    mode: { type: 'daemon' },
    probeRunner: null,
    // All of the job is on this process's own standard error already.
    jobLog: null,
    environment,
    logger,
    ways: [{ url: 'memory://hub', ...createMemoryTransport(wire) }],
    enrolment: null,
    fetch: globalThis.fetch,
    network: null,
    kubernetes: null,
    // Nobody else knows of the folder.
    takeOwnerLock: () => ({ [Symbol.dispose]: () => {} }),
    adaptExecutor: (executor) => createHastyExecutor(executor, hurry),
  });
  await composed.agent.ready;
  const stop = () => job.cancel();
  cancel.addEventListener('abort', stop);
  if (cancel.aborted) stop();
  const end = await job.ended;
  cancel.removeEventListener('abort', stop);
  return end;
}
