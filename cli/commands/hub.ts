import { Command } from 'commander';
import {
  hubConfigSchema,
  loadHubConfig,
  toApiLimits,
  toRetentionRules,
  toTlsOptions,
  toUsualQuotas,
} from '../../hub/config.ts';
import { openIssuerOutlet } from '../../hub/identity/oidc/issuer-outlet.ts';
import { toOidcSettings } from '../../hub/identity/oidc/oidc-keys.ts';
import { aborted } from '../../runtime/aborted.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { createProcessLogger } from '../../runtime/process-logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { printReadyLine } from '../ready-line.ts';
import { listenForHangup, listenForShutdown } from '../shutdown.ts';
import { toStartFailure } from '../start-failure.ts';

const details = `
Prints one line on standard output once it is ready, with its address; the log goes to standard error. SIGTERM or SIGINT:
it leaves at once, in order; jobs run on, and agents come back to the next hub on this data folder, each at a time of its
own. SIGHUP: it looks at once whether its TLS files changed. With FARHAND_DRAIN_SECONDS it first asks them to open a channel to another hub behind the same address; a second
signal cuts that short.`;

/** How long stopping in order may take. */
const maxStopMs = 10_000;

export function createHubCommand(context: Context): Command {
  const command = new Command('hub')
    .description('serve the API and the agents')
    .addHelpText('after', details)
    .action(() => runHub(command, context));
  addExamples(
    command,
    ['farhand hub --data /var/lib/farhand/hub', 'on 127.0.0.1:7400, behind a proxy with TLS'],
    [
      'farhand hub --listen 0.0.0.0:7400 --tls-cert hub.pem --tls-key hub.key',
      'with TLS of its own: see farhand certs',
    ],
    ['FARHAND_LISTEN=127.0.0.1:0 farhand hub', 'on any free port; the ready line says which'],
  );
  return addConfigOptions(command, hubConfigSchema, 'Configuration:');
}

async function runHub(command: Command, context: Context): Promise<void> {
  const config = loadHubConfig(toConfigSources(command, hubConfigSchema, context));
  using shutdown = listenForShutdown();
  const logger = createProcessLogger({
    name: 'hub',
    level: config.logLevel,
    format: config.logFormat,
    color: context.stderr.hasColor,
  });
  const oidc = toOidcSettings(config);
  const way = { environment: context.environment, logger };
  const { createHub } = await import('../../hub/hub.ts');
  const options = {
    listen: config.listen,
    dataFolder: config.data,
    tls: toTlsOptions(config),
    publicUrl: config.publicUrl,
    trustedProxies: config.trustedProxies ?? [],
    adminToken: config.adminToken,
    adminTokenFolder: null,
    issuer: oidc === null ? null : { settings: oidc, fetch: createOutletFetch(openIssuerOutlet(config, way)) },
    lostAfterMs: config.lostAfterSeconds * 1000,
    keep: toRetentionRules(config),
    limits: toApiLimits(config),
    quotas: toUsualQuotas(config),
    clock: systemClock,
    random: systemRandom,
    logger,
  };
  await using hub = await createHub(options).catch((error: unknown) => {
    throw toStartFailure(error, { role: 'hub', listen: config.listen, data: config.data });
  });
  using _hangup = listenForHangup(() => void hub.readAgain());
  await printReadyLine(context, 'hub', hub.address);
  await aborted(shutdown.asked);
  logger.info({ reason: shutdown.reason() }, 'hub stopping');
  if (config.drainSeconds > 0) await hub.drain({ drainMs: config.drainSeconds * 1000, signal: shutdown.forced });
  context.exitWithin(maxStopMs);
  shutdown.forced.addEventListener('abort', () => context.exitWithin(0));
}
