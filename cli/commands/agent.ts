import { resolve } from 'node:path';
import { Command } from 'commander';
import type { AgentEnd } from '../../agent/agent.ts';
import { systemWatchFolder } from '../../agent/attempts/raw-watch.ts';
import { type Catalog, openCatalog } from '../../agent/automations/catalog.ts';
import { formatMistake } from '../../agent/automations/catalog-mistake.ts';
import { watchCatalog } from '../../agent/automations/catalog-watch.ts';
import { stampFolder } from '../../agent/automations/folder-stamp.ts';
import { shippedProbes } from '../../agent/automations/shipped-probes.ts';
import { agentConfigSchema, loadAgentConfig, usualAutomations } from '../../agent/config.ts';
import { createProcessProbeRunner } from '../../agent/probes/process-probe-runner.ts';
import { aborted } from '../../runtime/aborted.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { watchCertificate } from '../../runtime/network/certificate-watch.ts';
import { toDestination } from '../../runtime/network/destination.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { openConfiguredOutlet } from '../../runtime/network/outlet-keys.ts';
import { toOutletStatus } from '../../runtime/network/outlet-status.ts';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import { createProcessLogger } from '../../runtime/process-logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { agentLimits } from '../../transports/limits.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { drainAgent } from '../drain-agent.ts';
import { addExamples } from '../examples.ts';
import { type ExitCode, exitCodes, outcomeToExitCode } from '../exit-code.ts';
import { toHttpUrl } from '../http-url.ts';
import { openConfiguredJobLog } from '../job-log-from-config.ts';
import { openWays } from '../open-ways.ts';
import { printReadyLine } from '../ready-line.ts';
import { listenForHangup, listenForShutdown } from '../shutdown.ts';
import { toStartFailure } from '../start-failure.ts';
import { createTrustHubCommand } from './trust-hub.ts';

const details = `
Prints one line on standard output once it is connected to the hub for the first time: with the address of its status
listener when it has one, else the hub's. While the hub cannot be reached it says so in the log and goes on trying.

SIGTERM or SIGINT: it takes no more work, lets running jobs end for FARHAND_DRAIN_SECONDS, then does with them as
FARHAND_DRAIN_THEN says, and leaves. A second one: it leaves at once; jobs run on, and the next agent on the data folder
adopts them. The folder of automations is watched; SIGHUP: it is read again at once, and the file of FARHAND_JOB_LOG opened
again. With FARHAND_JOB_LOG=stdout the ready line is the first on standard output, and lines of jobs follow.

Exit code: 0 it left in order; 2 configuration; 3 the hub does not take it. With --once: as \`farhand run\`, and 6 when no
job came.`;

const maxLeaveMs = 5_000;

export function createAgentCommand(context: Context): Command {
  const command = new Command('agent')
    .description('run jobs here for a hub')
    .option('--once', "take one job, leave when the hub has all of it, with the job's exit code")
    .addHelpText('after', details)
    .action((options: { readonly once?: true }) => runAgent(command, context, options.once === true));
  addExamples(
    command,
    ['FARHAND_HUB_URL=wss://hub.example.org FARHAND_JOIN_TOKEN_FILE=join farhand agent', 'the first time'],
    ['farhand agent --hub-url wss://hub.example.org --labels site=ams', 'from then on'],
  );
  return addConfigOptions(command, agentConfigSchema, 'Configuration:').addCommand(createTrustHubCommand(context));
}

async function runAgent(command: Command, context: Context, once: boolean): Promise<void> {
  const config = loadAgentConfig(toConfigSources(command, agentConfigSchema, context));
  const { hubUrls, joinToken, jobId, idleSeconds, statusListen } = config;
  const [hubUrl, ...otherUrls] = hubUrls ?? [];
  if (hubUrl === undefined) throw new Error('the configuration was checked for a hub');
  using shutdown = listenForShutdown();
  const logger = createProcessLogger({
    name: 'agent',
    level: config.logLevel,
    format: config.logFormat,
    color: context.stderr.hasColor,
  });
  const outlet = openConfiguredOutlet(config, { environment: context.environment, logger });
  const [{ composeAgent }, ways, { startStatusServer }] = await Promise.all([
    import('../compose-agent.ts'),
    openWays([hubUrl, ...otherUrls], { outlet, clock: systemClock, limits: agentLimits, logger }),
    import('../../agent/status-server.ts'),
  ]);

  await using opened = new AsyncDisposableStack();
  opened.use(watchCertificate({ outlet, clock: systemClock, logger }));
  const { environment } = context;
  const mode = once
    ? ({ type: 'once', jobId, idleMs: idleSeconds === null ? null : idleSeconds * 1000 } as const)
    : ({ type: 'daemon' } as const);
  const folder = resolve(config.automations ?? usualAutomations);
  const seen = await stampFolder(folder);
  const { promise: isReady, resolve: tellReady } = Promise.withResolvers<void>();
  const jobLog = openConfiguredJobLog(config, { context, logger, isReady });
  if (jobLog !== null) opened.use(jobLog);
  const catalog = await openCatalog(folder, {
    shipped: config.probes === 'shipped' ? shippedProbes : null,
    isOptional: config.automations === null,
  });
  const kubernetes =
    config.kubernetes === 'off'
      ? null
      : (await import('../../agent/kubernetes/open-kubernetes.ts')).openKubernetes(config, {
          environment,
          outlet,
          clock: systemClock,
          random: systemRandom,
        });
  if (kubernetes !== null) opened.use(kubernetes);
  const { agent, loops } = opened.use(
    await composeAgent({
      config,
      kubernetes,
      catalog,
      mode,
      probeRunner: createProcessProbeRunner({ clock: systemClock }),
      environment,
      logger,
      jobLog: jobLog?.log ?? null,
      takeOwnerLock,
      enrolment:
        joinToken === null ? null : { hubUrls: [hubUrl, ...otherUrls].map((url) => toHttpUrl(url).href), joinToken },
      ways,
      fetch: createOutletFetch(outlet),
      network: (url) =>
        toOutletStatus(outlet, { destination: toDestination(new URL(url ?? hubUrl), []), clock: systemClock }),
    }),
  );
  reportMistakes(catalog, logger);
  const watch = { catalog, folder, seen, watchFolder: systemWatchFolder, clock: systemClock, logger, loops };
  opened.use(watchCatalog(watch));
  opened.use(
    listenForHangup(() => {
      jobLog?.reopen();
      void catalog.reload().then(({ automations, mistakes }) => {
        logger.info({ folder, automations: automations.size, mistakes: mistakes.length }, 'automations read again');
      });
    }),
  );
  const fail = (error: unknown) => {
    throw toStartFailure(error, { role: 'agent', listen: statusListen, data: config.data });
  };
  const server =
    statusListen === null
      ? null
      : opened.use(
          await startStatusServer({ listen: statusListen, status: () => agent.status(), clock: systemClock }).catch(
            fail,
          ),
        );

  const start: { state: 'starting' | 'ready' | 'failed'; error: unknown } = { state: 'starting', error: null };
  const settled = agent.ready.then(
    () => void (start.state = 'ready'),
    (error: unknown) => void Object.assign(start, { state: 'failed', error }),
  );
  await Promise.race([settled, agent.ended, aborted(shutdown.asked)]);
  if (start.state === 'failed') fail(start.error);
  if (start.state === 'ready') await printReadyLine(context, 'agent', server?.address ?? toHttpUrl(hubUrl).origin);
  tellReady();
  await Promise.race([agent.ended, aborted(shutdown.asked)]);
  const end = shutdown.asked.aborted
    ? await drainAgent(agent, { config, shutdown, clock: systemClock, logger })
    : await agent.ended;
  context.exitWith(toExitCode(end, once));
  context.exitWithin(maxLeaveMs);
}

/** Logs each mistake once, when it is new. */
function reportMistakes(catalog: Catalog, logger: Logger): void {
  let told = new Set<string>();
  const tell = () => {
    const mistakes = catalog.current.mistakes.map(formatMistake);
    for (const mistake of mistakes) if (!told.has(mistake)) logger.warn({ mistake }, 'automation file has a mistake');
    told = new Set(mistakes);
  };
  tell();
  catalog.onChange(tell);
}

function toExitCode(end: AgentEnd, once: boolean): ExitCode {
  switch (end.type) {
    case 'ended':
      return outcomeToExitCode(end.result.outcome);
    case 'no-job':
      return exitCodes.noJob;
    case 'drained':
    case 'left':
      return once ? exitCodes.noJob : exitCodes.succeeded;
  }
}
