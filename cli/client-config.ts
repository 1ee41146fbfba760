import type { ConfigOf, ConfigSchema } from '../runtime/configuration/config-key.ts';
import { text, url, yesOrNo } from '../runtime/configuration/formats.ts';
import { type ConfigSources, loadConfiguration } from '../runtime/configuration/load-configuration.ts';
import { isLoopback } from '../runtime/configuration/loopback.ts';
import { findOutletMistakes, outletKeys } from '../runtime/network/outlet-keys.ts';

/** Everything that commands which talk to a hub can be told. Help and `docs/config.md` are made of it. */
export const clientConfigSchema = {
  hubUrl: {
    variable: 'FARHAND_HUB_URL',
    doc: 'The hub to talk to. ws:// and grpc:// are read as http://, wss:// and grpcs:// as https://, so that an agent and a person can share the variable.',
    format: url(['http', 'https', 'ws', 'wss', 'grpc', 'grpcs']),
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
  return loadConfiguration(clientConfigSchema, sources, ({ hubUrl, insecure, ...outlet }) => {
    const broken = findOutletMistakes(outlet);
    if (hubUrl === null || insecure || isLoopback(hubUrl.hostname)) return broken;
    if (/^(?:https|wss|grpcs):$/.test(hubUrl.protocol)) return broken;
    return [
      ...broken,
      `FARHAND_HUB_URL: expected https:// for a hub on another machine, because the token would travel in the clear; got ${hubUrl.protocol}//${hubUrl.host}. Set FARHAND_INSECURE=true to do it all the same`,
    ];
  });
}
