import { fetchIssuerKeys } from '../../hub/identity/oidc/fetch-issuer-keys.ts';
import { OidcError, type OidcErrorCode } from '../../hub/identity/oidc/oidc-error.ts';
import type { OidcSettings } from '../../hub/identity/oidc/oidc-settings.ts';
import { toDestination } from '../../runtime/network/destination.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { type Check, fault, ok, warning } from './check.ts';

/** Tokens are judged with a leeway of as much. */
const maxSkewMs = 30_000;
/** `Date` counts whole seconds. */
const dateStepMs = 1_000;

const remedies: Readonly<Record<OidcErrorCode, string>> = {
  unreachable:
    'Check FARHAND_OIDC_ISSUER, and that this machine may reach it: a proxy that leads there is named by HTTPS_PROXY or FARHAND_PROXY, a CA of its own by FARHAND_TLS_CA',
  'answer-invalid': 'FARHAND_OIDC_ISSUER has to be exactly what the issuer calls itself; a slash at the end counts',
  'no-usable-keys': 'Let the issuer sign with RS256, PS256, ES256 or EdDSA',
};

/** Whether the issuer of tokens answers the hub's own way, with keys that a hub can use, and whether its clock is ours. */
export function createIssuerCheck({ issuer }: OidcSettings, outlet: Outlet): Check {
  return {
    name: 'issuer',
    about: 'machine',
    async look(signal) {
      try {
        const { keys, aheadMs } = await fetchIssuerKeys(issuer, {
          fetch: createOutletFetch(outlet),
          signal,
          now: Date.now,
        });
        if (aheadMs !== null && Math.abs(aheadMs) > maxSkewMs + dateStepMs) {
          return warning(
            `the clock of ${issuer} is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's, so tokens are taken too early or too late`,
            'Let both keep time: timedatectl set-ntp true',
          );
        }
        const route = outlet.routeTo(toDestination(new URL(issuer), []));
        const way = route.type === 'proxy' ? ` through ${route.proxy.shown} (${route.from})` : '';
        return ok(`${issuer} answers${way}, with ${keys.length} ${keys.length === 1 ? 'key' : 'keys'} for signatures`);
      } catch (error) {
        if (!(error instanceof OidcError)) throw error;
        return fault(error.message, remedies[error.code]);
      }
    },
  };
}
