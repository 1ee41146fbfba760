import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { makeToken } from '../../hub/identity/token-text.ts';
import { aborted } from '../../runtime/aborted.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { packageFolder } from '../../runtime/package-folder.ts';
import { systemRandom } from '../../runtime/random.ts';
import { createApiClient } from '../api-client.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { type DevConfig, devConfigSchema, loadDevConfig } from '../dev-config.ts';
import { type DevFolder, readDevToken, toDevFolder } from '../dev-folder.ts';
import { addExamples } from '../examples.ts';
import { type KeptProcess, keepProcess } from '../kept-process.ts';
import { printReadyLine } from '../ready-line.ts';
import { listenForShutdown } from '../shutdown.ts';

const details = `
Starts a hub and an agent as two processes, and starts again what ends unasked. Prints one line on standard output once
both are ready; what they log goes to standard error. With FARHAND_JOB_LOG=stdout lines of jobs follow on standard output. Commands that are called in the same folder (run, jobs, …) find the
hub and the token by themselves. SIGTERM or Ctrl-C: running jobs may take 5 seconds to end and are then cancelled, unless
FARHAND_DRAIN_SECONDS and FARHAND_DRAIN_THEN say otherwise; a second one: at once. Every FARHAND_ variable of the hub and
the agent holds here too, but for FARHAND_TLS_CERT and its sisters: what is spoken between the two stays on this machine.
FARHAND_PROXY and FARHAND_TLS_CA are for the hub, which asks its issuer by them (FARHAND_OIDC_ISSUER).`;

const CreatedToken = z.object({ token: z.string() });

export function createDevCommand(context: Context): Command {
  const command = new Command('dev')
    .description('a hub and an agent in one terminal, data in ./.farhand')
    .addHelpText('after', details)
    .action(() => runDev(command, context));
  addExamples(
    command,
    ['farhand dev', 'then, in another terminal and the same folder: farhand run hello'],
    ['farhand dev --listen 127.0.0.1:0 --automations ./recipes', 'another port, other automations'],
  );
  return addConfigOptions(command, devConfigSchema, 'Configuration:');
}

async function runDev(command: Command, context: Context): Promise<void> {
  const config = loadDevConfig(toConfigSources(command, devConfigSchema, context));
  const { stderr } = context;
  using shutdown = listenForShutdown();
  const folder = toDevFolder(resolve(context.folder, config.data));
  const adminToken = await prepareFolder(folder, config);
  const automations = await chooseAutomations(context, config);
  const say = (name: string, color: 'cyan' | 'magenta') => (line: string) =>
    void stderr.line(`${stderr.paint(color, `${name.padEnd(5)} |`)} ${line}`);

  const saidReady = Promise.withResolvers<void>();
  // Lines of jobs, with FARHAND_JOB_LOG=stdout. Not before the ready line, which programs look for first.
  const pass = async (line: string) => {
    await Promise.race([saidReady.promise, aborted(shutdown.asked)]);
    // Who reads them may have stopped reading: leaving does not wait for him.
    await Promise.race([context.stdout.line(line), aborted(shutdown.asked)]);
  };
  const hubStarted = Promise.withResolvers<string>();
  let listen = `${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${config.listen.port}`;
  const common = toCommonEnvironment(context);
  const { FARHAND_PROXY, FARHAND_PROXY_FILE, FARHAND_TLS_CA } = context.environment;
  const hub = keepProcess({
    name: 'hub',
    environment: () => ({
      ...common,
      FARHAND_PROXY,
      FARHAND_PROXY_FILE,
      FARHAND_TLS_CA,
      // For the agent, which is stopped first: nobody is left to drain.
      FARHAND_DRAIN_SECONDS: '0',
      FARHAND_LISTEN: listen,
      FARHAND_DATA: folder.hub,
      FARHAND_ADMIN_TOKEN: adminToken,
    }),
    say: say('hub', 'cyan'),
    pass,
    onReady: (address) => {
      // A hub that is started again keeps the port that everybody knows by then.
      listen = listen.replace(/:0$/, `:${new URL(address).port}`);
      hubStarted.resolve(address);
    },
  });
  const address = await Promise.race([hubStarted.promise, hub.ended, aborted(shutdown.asked)]);
  if (typeof address !== 'string') {
    await stop(hub, shutdown);
    context.exitWith(shutdown.asked.aborted ? 0 : 2);
    return;
  }

  const joinToken = existsSync(join(folder.agent, 'identity.json'))
    ? undefined
    : await createJoinToken(address, adminToken);
  const agentStarted = Promise.withResolvers<void>();
  const agent = keepProcess({
    name: 'agent',
    environment: () => ({
      FARHAND_DRAIN_SECONDS: '5',
      FARHAND_DRAIN_THEN: 'cancel',
      ...common,
      FARHAND_HUB_URL: address.replace(/^http/, 'ws'),
      FARHAND_JOIN_TOKEN: joinToken,
      FARHAND_DATA: folder.agent,
      FARHAND_AUTOMATIONS: automations,
      FARHAND_SLOTS: String(config.slots),
    }),
    say: say('agent', 'magenta'),
    pass,
    onReady: () => agentStarted.resolve(),
  });
  const first = await Promise.race([agentStarted.promise, agent.ended, hub.ended, aborted(shutdown.asked)]);
  if (first === undefined && !shutdown.asked.aborted) {
    await writeFile(folder.running, `${JSON.stringify({ url: address })}\n`);
    await printReadyLine(context, 'dev', address);
    saidReady.resolve();
    await stderr.line(
      `try: farhand automations · farhand run ${automations === examples ? 'hello' : 'NAME'} · farhand jobs   (the token is in ${folder.adminToken})`,
    );
  }
  const code = await Promise.race([aborted(shutdown.asked), agent.ended, hub.ended]);
  await rm(folder.running, { force: true });
  // The agent first, so that the hub still hears how its jobs ended.
  await stop(agent, shutdown);
  await stop(hub, shutdown);
  context.exitWith(typeof code === 'number' ? 2 : 0);
}

async function stop(child: KeptProcess, shutdown: { readonly forced: AbortSignal }): Promise<void> {
  child.stop('SIGTERM');
  await Promise.race([child.ended, aborted(shutdown.forced)]);
  if (shutdown.forced.aborted) child.stop('SIGTERM');
  await child.ended;
}

/** Makes the folder and its token: the given one, the one from the last time, or a new one. */
async function prepareFolder(folder: DevFolder, { adminToken }: DevConfig): Promise<string> {
  // Jobs of other users (`user:`) have to pass through it to their own folders. What is in it is closed to them by itself.
  await mkdir(folder.root, { recursive: true, mode: 0o711 });
  const token = adminToken ?? readDevToken(folder) ?? makeToken('user', systemRandom);
  await writeFile(folder.adminToken, `${token}\n`, { mode: 0o600 });
  await chmod(folder.adminToken, 0o600);
  return token;
}

const examples = join(packageFolder, 'examples/automations');

async function chooseAutomations({ folder, stderr }: Context, { automations }: DevConfig): Promise<string> {
  if (automations !== null) return resolve(folder, automations);
  const own = join(folder, 'automations');
  if (existsSync(own)) return own;
  await stderr.line(
    `there is no folder ${own}: offering the examples in ${examples}. Make that folder, or name one with --automations`,
  );
  return examples;
}

/** Of clients, or for one of the children alone. */
const notForBoth = new Set([
  'FARHAND_HUB_URL',
  'FARHAND_TOKEN',
  'FARHAND_TOKEN_FILE',
  'FARHAND_PROXY',
  'FARHAND_PROXY_FILE',
  'FARHAND_ADMIN_TOKEN',
  'FARHAND_ADMIN_TOKEN_FILE',
  'FARHAND_JOIN_TOKEN',
  'FARHAND_JOIN_TOKEN_FILE',
  'FARHAND_TLS_CA',
  // A person's, for another hub: the one here is for this machine alone.
  'FARHAND_TLS_CERT',
  'FARHAND_TLS_KEY',
  'FARHAND_TLS_SERVER_NAME',
  'FARHAND_TLS_CLIENT_CA',
  'FARHAND_TLS_CLIENT',
]);

/** What both children inherit. */
function toCommonEnvironment({ environment, stderr }: Context): Record<string, string | undefined> {
  const forPerson = stderr.isTerminal
    ? { FARHAND_LOG_FORMAT: 'pretty', ...(stderr.hasColor ? { FORCE_COLOR: '1' } : {}) }
    : {};
  const inherited = Object.entries(environment).filter(([name]) => !notForBoth.has(name));
  return { ...forPerson, ...Object.fromEntries(inherited) };
}

/** One use, an hour: the agent that is started next is to join, and nobody else. */
async function createJoinToken(address: string, adminToken: string): Promise<string> {
  const fetch = createOutletFetch(createDirectOutlet({ logger: silentLogger }));
  const api = createApiClient({ address, token: adminToken, fetch });
  return (await api.call({ method: 'POST', path: '/join-tokens', body: { uses: 1 } }, CreatedToken)).token;
}
