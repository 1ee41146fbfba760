import { join } from 'node:path';
import type { Command } from 'commander';
import { silentLogger } from '../runtime/logger.ts';
import type { Outlet } from '../runtime/network/outlet.ts';
import { createOutletFetch } from '../runtime/network/outlet-fetch.ts';
import { openConfiguredOutlet } from '../runtime/network/outlet-keys.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { clientConfigSchema, loadClientConfig } from './client-config.ts';
import { addConfigOptions, toConfigSources } from './config-options.ts';
import type { Context } from './context.ts';
import { defaultDevFolder, readDevHub, readDevToken, toDevFolder } from './dev-folder.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { toHttpUrl } from './http-url.ts';

/** Gives a command the flags that say which hub, and who asks. */
export function addHubOptions(command: Command): Command {
  return addConfigOptions(command, clientConfigSchema, 'Which hub:');
}

/**
 * The hub that a command talks to: the one of the configuration, else the `farhand dev` of this folder. The token of that dev hub is sent
 * to it alone, and only when no other token is configured.
 */
export function accessHub(command: Command, context: Context): ApiClient {
  const { outlet, ...access } = readHubAccess(command, context);
  return createApiClient({ ...access, fetch: createOutletFetch(outlet) });
}

/** The same, before it is used. */
export function readHubAccess(
  command: Command,
  context: Context,
): { readonly address: string; readonly token: string | null; readonly outlet: Outlet } {
  const config = loadClientConfig(toConfigSources(command, clientConfigSchema, context));
  const folder = toDevFolder(join(context.folder, defaultDevFolder));
  const dev = readDevHub(folder);
  const address = config.hubUrl === null ? dev?.url : toHttpUrl(config.hubUrl).href;
  if (address === undefined) {
    throw new Failure(
      exitCodes.usage,
      `no hub to talk to: FARHAND_HUB_URL is not set, and no \`farhand dev\` runs in ${context.folder}`,
      ['Start one here with `farhand dev`, or name one: FARHAND_HUB_URL=https://hub.example.org FARHAND_TOKEN_FILE=…'],
    );
  }
  const isDev = dev !== undefined && new URL(dev.url).origin === new URL(address).origin;
  const token = config.token ?? (isDev ? readDevToken(folder) : undefined);
  const outlet = openConfiguredOutlet(config, { environment: context.environment, logger: silentLogger });
  return { address: address.replace(/\/+$/, ''), token: token ?? null, outlet };
}
