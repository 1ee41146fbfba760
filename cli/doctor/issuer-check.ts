import { fetchIssuerKeys } from '../../hub/identity/oidc/fetch-issuer-keys.ts';
import { OidcError, type OidcErrorCode } from '../../hub/identity/oidc/oidc-error.ts';
import type { OidcSettings } from '../../hub/identity/oidc/oidc-settings.ts';
import { type Check, fault, ok, warning } from './check.ts';

/** Tokens are judged with a leeway of as much. */
const maxSkewMs = 30_000;
/** `Date` counts whole seconds. */
const dateStepMs = 1_000;

const remedies: Readonly<Record<OidcErrorCode, string>> = {
  unreachable:
    'Check FARHAND_OIDC_ISSUER, and that this machine may reach it; for a CA of your own set NODE_EXTRA_CA_CERTS, for a proxy NODE_USE_ENV_PROXY=1',
  'answer-invalid': 'FARHAND_OIDC_ISSUER has to be exactly what the issuer calls itself; a slash at the end counts',
  'no-usable-keys': 'Let the issuer sign with RS256, PS256, ES256 or EdDSA',
};

/** Whether the issuer of tokens answers, with keys that a hub can use, and whether its clock is ours. */
export function createIssuerCheck({ issuer }: OidcSettings): Check {
  return {
    name: 'issuer',
    about: 'machine',
    async look(signal) {
      try {
        const { keys, aheadMs } = await fetchIssuerKeys(issuer, { signal, now: Date.now });
        if (aheadMs !== null && Math.abs(aheadMs) > maxSkewMs + dateStepMs) {
          return warning(
            `the clock of ${issuer} is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's, so tokens are taken too early or too late`,
            'Let both keep time: timedatectl set-ntp true',
          );
        }
        return ok(`${issuer} answers, with ${keys.length} ${keys.length === 1 ? 'key' : 'keys'} for signatures`);
      } catch (error) {
        if (!(error instanceof OidcError)) throw error;
        return fault(error.message, remedies[error.code]);
      }
    },
  };
}
