import type { ConfigFormat, ConfigOf, ConfigSchema } from '../configuration/config-key.ts';
import { file, text } from '../configuration/formats.ts';
import type { Logger } from '../logger.ts';
import { createOutlet, type Outlet } from './outlet.ts';
import { parseProxy } from './proxy.ts';
import type { ProxyChoice } from './route.ts';

const proxy: ConfigFormat<ProxyChoice> = {
  expected:
    'http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before the host where it wants a login (percent-encoded), or none',
  placeholder: 'url|none',
  fromText(value) {
    if (value.toLowerCase() === 'none') return { type: 'none' };
    const parsed = value.includes('://') ? parseProxy(value) : null;
    return parsed === null ? undefined : { type: 'proxy', proxy: parsed };
  },
};

const serverName: ConfigFormat<string> = {
  ...text,
  expected: 'the name of a host',
  placeholder: 'name',
  fromText: (value) => (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(value) ? value : undefined),
};

/** The way out: the same for each process that dials. */
export const outletKeys = {
  proxy: {
    variable: 'FARHAND_PROXY',
    doc: 'The proxy to go through, by CONNECT, whatever HTTPS_PROXY and its sisters say; none: dial directly.',
    format: proxy,
    default: null,
    defaultDoc: 'what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say',
    sensitive: true,
  },
  tlsCa: {
    variable: 'FARHAND_TLS_CA',
    doc: 'File with certificates of CAs that are trusted besides those that Node trusts. Read again when it changed.',
    format: file,
    default: null,
    sensitive: false,
  },
  tlsCert: {
    variable: 'FARHAND_TLS_CERT',
    doc: 'File with the certificate to show to a hub that asks for one, and its chain. Read again when it changed.',
    format: file,
    default: null,
    sensitive: false,
  },
  tlsKey: {
    variable: 'FARHAND_TLS_KEY',
    doc: 'File with the key of that certificate, without a passphrase.',
    format: file,
    default: null,
    sensitive: false,
  },
  tlsServerName: {
    variable: 'FARHAND_TLS_SERVER_NAME',
    doc: "The name that the hub's certificate has, where it is not the host of the URL.",
    format: serverName,
    default: null,
    sensitive: false,
  },
} as const satisfies ConfigSchema;

export type OutletConfig = ConfigOf<typeof outletKeys>;

/** The rule over several of them: a line for each mistake. */
export function findOutletMistakes({ tlsCert, tlsKey }: Pick<OutletConfig, 'tlsCert' | 'tlsKey'>): readonly string[] {
  if ((tlsCert === null) === (tlsKey === null)) return [];
  return tlsCert === null
    ? ['FARHAND_TLS_CERT: expected it beside FARHAND_TLS_KEY, got nothing']
    : ['FARHAND_TLS_KEY: expected it beside FARHAND_TLS_CERT, got nothing'];
}

/** Throws `ConfigError` where files that are named cannot be used. */
export function openConfiguredOutlet(
  config: OutletConfig,
  options: { readonly environment: Readonly<Record<string, string | undefined>>; readonly logger: Logger },
): Outlet {
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName } = config;
  return createOutlet({ ...options, choice: config.proxy, tls: { ca, cert, key, serverName: tlsServerName } });
}
