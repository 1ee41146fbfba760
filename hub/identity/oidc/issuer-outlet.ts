import type { ConfigOf, ConfigSchema } from '../../../runtime/configuration/config-key.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { createOutlet, type Outlet } from '../../../runtime/network/outlet.ts';
import { outletKeys } from '../../../runtime/network/outlet-keys.ts';
import { noTlsSettings } from '../../../runtime/network/tls-files.ts';

/** The hub's own way out leads to its issuer alone. `FARHAND_TLS_CERT` is no part of it: a hub shows that one to those who dial it. */
export const issuerOutletKeys = {
  proxy: {
    ...outletKeys.proxy,
    doc: 'The proxy through which the hub asks its issuer (FARHAND_OIDC_ISSUER), by CONNECT, whatever HTTPS_PROXY and its sisters say; none: directly.',
  },
  tlsCa: {
    ...outletKeys.tlsCa,
    doc: 'File with certificates of CAs that the hub trusts for its issuer, besides those that Node trusts. Read again when it changed. Those of clients are in FARHAND_TLS_CLIENT_CA.',
  },
} as const satisfies ConfigSchema;

/** Throws `ConfigError` where the file of CAs cannot be used. */
export function openIssuerOutlet(
  { proxy, tlsCa }: ConfigOf<typeof issuerOutletKeys>,
  options: { readonly environment: Readonly<Record<string, string | undefined>>; readonly logger: Logger },
): Outlet {
  return createOutlet({
    ...options,
    choice: proxy,
    tls: { ...noTlsSettings, ca: tlsCa },
    tlsAdvice: {
      showCertificate: 'let the issuer do without: a hub shows none to it',
      unknownCa: 'name the file with the certificate of that CA in FARHAND_TLS_CA',
      otherHost: 'use a name that it has in FARHAND_OIDC_ISSUER, as the issuer calls itself',
    },
  });
}
