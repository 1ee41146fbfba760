import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { defaultAgentLimits } from '../../agent/agent-options.ts';
import { systemWatchFolder } from '../../agent/attempts/raw-watch.ts';
import { systemFreeBytes } from '../../agent/attempts/spool.ts';
import { openNeighbourPipes } from '../../agent/executors/neighbour/neighbour-pipes.ts';
import { readMachineBootId } from '../../agent/machine-boot-id.ts';
import type { RunnerEnd } from '../../agent/runner/runner.ts';
import { loadRunnerConfig, runnerConfigSchema } from '../../agent/runner/runner-config.ts';
import { RunnerOrder, runnerFiles } from '../../agent/runner/runner-order.ts';
import { type RunnerWords, toRunnerWords } from '../../agent/runner/runner-words.ts';
import { parseJson } from '../../protocol/parse.ts';
import { aborted } from '../../runtime/aborted.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import type { Logger } from '../../runtime/logger.ts';
import { openConfiguredOutlet } from '../../runtime/network/outlet-keys.ts';
import { createProcessLogger } from '../../runtime/process-logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { sleep } from '../../runtime/sleep.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { type ExitCode, exitCodes, outcomeToExitCode } from '../exit-code.ts';
import { openWays } from '../open-ways.ts';
import { listenForShutdown } from '../shutdown.ts';
import { createRunnerPrepareCommand } from './runner-prepare.ts';

const details = `
Agents that run jobs as pods start it in each of them, beside the job's own container; nobody else has to. It opens the sessions of that
one job with the ticket that the agent got for it, has the container beside it run the command, and sends log and result to
the hub itself. Killed, it goes on where it was when it is started again in the same pod.

SIGTERM: the pod ends. What has not begun never will; what there is is sent to the hub within FARHAND_RUNNER_STOP_SECONDS. A second
one: it leaves at once.

Exit code: as \`farhand run\` once the hub has the result; 6 when it wants nothing of this runner; 3 when it was left.`;

export function createRunnerCommand(context: Context): Command {
  const command = new Command('runner')
    .description('run one job of an agent, beside its container in a pod')
    .addHelpText('after', details)
    .action(() => run(command, context));
  addExamples(command, ['farhand runner --hub-url wss://hub.example.org', 'what an agent puts into the pod of a job']);
  return addConfigOptions(command, runnerConfigSchema, 'Configuration:').addCommand(
    createRunnerPrepareCommand(context),
  );
}

async function run(command: Command, context: Context): Promise<void> {
  const config = loadRunnerConfig(toConfigSources(command, runnerConfigSchema, context));
  const [hubUrl, ...otherUrls] = config.hubUrls ?? [];
  if (hubUrl === undefined) throw new Error('the configuration was checked for a hub');
  using shutdown = listenForShutdown();
  const { logLevel: level, logFormat: format, orderFolder, shared, memory } = config;
  const logger = createProcessLogger({ name: 'runner', level, format, color: context.stderr.hasColor });
  const outlet = openConfiguredOutlet(config, { environment: context.environment, logger });
  const orderPath = join(orderFolder, runnerFiles.order);
  const automationPath = join(orderFolder, runnerFiles.automation);
  const [{ startRunner }, { readRunnerCatalog }, ways, orderText, text] = await Promise.all([
    import('../../agent/runner/runner.ts'),
    import('../../agent/runner/runner-catalog.ts'),
    openWays([hubUrl, ...otherUrls], { outlet, clock: systemClock, limits: defaultLimits, logger }),
    readFile(orderPath),
    readFile(automationPath, 'utf8'),
  ]);
  const order = parseJson(RunnerOrder, orderText, orderPath);
  await using runner = await startRunner({
    order,
    shared,
    memory,
    openPipes: openNeighbourPipes,
    readTicket: () => readFile(join(orderFolder, runnerFiles.ticket), 'utf8'),
    catalog: readRunnerCatalog({ path: automationPath, text }, { name: order.automation }),
    ways,
    limits: { ...defaultAgentLimits.attempt, graceMs: config.graceSeconds * 1000 },
    comeMs: config.comeSeconds * 1000,
    holdMs: config.holdSeconds * 1000,
    machineBootId: readMachineBootId(),
    fileSystem: systemFileSystem,
    watchFolder: systemWatchFolder,
    freeBytes: systemFreeBytes,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  await Promise.race([runner.ended, aborted(shutdown.asked)]);
  if (shutdown.asked.aborted) {
    logger.info({ seconds: config.stopSeconds }, 'the pod ends');
    await Promise.race([runner.stop(config.stopSeconds * 1000), aborted(shutdown.forced)]);
    await runner[Symbol.asyncDispose]();
  }
  const end = await runner.ended;
  if (end.type === 'unexplained') {
    if (end.words !== null) await leaveWords(config.words, end.words, logger);
    // The pod is about to end; a runner that leaves before that is started again.
    await Promise.race([sleep(systemClock, config.stopSeconds * 1000, shutdown.asked), aborted(shutdown.asked)]);
  }
  logger.info({ end: end.type }, 'runner ended');
  context.exitWith(toExitCode(end));
  context.exitWithin(maxLeaveMs);
}

/** Where they cannot be left the agent tells of a gap. */
async function leaveWords(path: string, words: RunnerWords, logger: Logger): Promise<void> {
  await writeFile(path, toRunnerWords(words), { flag: 'r+' }).catch((err: unknown) =>
    logger.warn({ err, path }, 'last words cannot be left'),
  );
}

const maxLeaveMs = 5_000;

function toExitCode(end: RunnerEnd): ExitCode {
  switch (end.type) {
    case 'delivered':
      return outcomeToExitCode(end.outcome);
    case 'withdrawn':
      return exitCodes.noJob;
    case 'unexplained':
      return exitCodes.lost;
    case 'left':
      return exitCodes.refused;
  }
}
