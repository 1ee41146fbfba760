import type { ConfigOf, ConfigSchema } from '../runtime/configuration/config-key.ts';
import { text, yesOrNo } from '../runtime/configuration/formats.ts';
import { hubUrlList } from '../runtime/configuration/hub-url-list.ts';
import { type ConfigSources, loadConfiguration } from '../runtime/configuration/load-configuration.ts';
import { isLoopback } from '../runtime/configuration/loopback.ts';
import { findOutletMistakes, outletKeys } from '../runtime/network/outlet-keys.ts';

/** Everything that commands which talk to a hub can be told. Help and `docs/config.md` are made of it. */
export const clientConfigSchema = {
  hubUrls: {
    variable: 'FARHAND_HUB_URL',
    doc: 'The hub to talk to. ws:// and grpc:// are read as http://, wss:// and grpcs:// as https://, so that an agent and a person can share the variable. Of several, separated by commas, the first that is not gRPC is taken.',
    format: hubUrlList(['http', 'https', 'ws', 'wss', 'grpc', 'grpcs']),
    default: null,
    defaultDoc: 'the `farhand dev` that was started in this folder',
    sensitive: false,
  },
  token: {
    variable: 'FARHAND_TOKEN',
    doc: 'Your token (`farhand token create --role operator`).',
    format: text,
    default: null,
    defaultDoc: 'the one of `farhand dev` in this folder, for its own hub only',
    sensitive: true,
  },
  insecure: {
    variable: 'FARHAND_INSECURE',
    doc: 'Allow sending the token without TLS beyond this machine.',
    format: yesOrNo,
    default: 'false',
    sensitive: false,
  },
  ...outletKeys,
} as const satisfies ConfigSchema;

export type ClientConfig = ConfigOf<typeof clientConfigSchema>;

/** Throws `ConfigError` with every mistake at once. */
export function loadClientConfig(sources: ConfigSources): ClientConfig {
  return loadConfiguration(clientConfigSchema, sources, ({ hubUrls, insecure, ...outlet }) => [
    ...findOutletMistakes(outlet),
    ...(hubUrls ?? [])
      .filter(
        ({ protocol, hostname }) => !insecure && !isLoopback(hostname) && !/^(?:https|wss|grpcs):$/.test(protocol),
      )
      .map(
        ({ protocol, host }) =>
          `FARHAND_HUB_URL: expected https:// for a hub on another machine, because the token would travel in the clear; got ${protocol}//${host}. Set FARHAND_INSECURE=true to do it all the same`,
      ),
  ]);
}
