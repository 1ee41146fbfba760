import { IssuerKeys, usualIssuerTimes } from '../../../../hub/identity/oidc/issuer-keys.ts';
import type { OidcSettings } from '../../../../hub/identity/oidc/oidc-settings.ts';
import { createUserTokenJudge } from '../../../../hub/identity/oidc/user-token-judge.ts';
import { type Clock, systemClock } from '../../../../runtime/clock.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createLoopBoard } from '../../../../runtime/loop-board.ts';
import { createDirectOutlet } from '../../../../runtime/network/outlet.ts';
import { createOutletFetch } from '../../../../runtime/network/outlet-fetch.ts';
import { type IssuerClient, type OidcIssuer, startOidcIssuer } from '../../../support/oidc-issuer.ts';
import { type ApiHarness, startApi } from '../../api/api-harness.ts';

/** An API that takes the tokens of a real issuer. */
export interface OidcHarness extends AsyncDisposable {
  readonly api: ApiHarness;
  readonly issuer: OidcIssuer;
  readonly times: typeof usualIssuerTimes;
  /** As if so much time had gone by, for all that is measured. Nothing is done sooner for it. */
  pass(ms: number): void;
}

export async function startOidc(
  clients: Readonly<Record<string, IssuerClient>>,
  over: Partial<OidcSettings> = {},
): Promise<OidcHarness> {
  const issuer = await startOidcIssuer(clients);
  const settings: OidcSettings = {
    issuer: issuer.url,
    audience: 'farhand',
    clients: [],
    roleClaim: 'groups',
    accountClaim: null,
    roles: [
      { value: 'platform', role: 'admin' },
      { value: 'devs', role: 'operator' },
      { value: 'all', role: 'viewer' },
    ],
    ...over,
  };
  let passedMs = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + passedMs };
  const loops = createLoopBoard(clock);
  const fetch = createOutletFetch(createDirectOutlet({ logger: silentLogger }));
  const keys = new IssuerKeys({ issuer: issuer.url, fetch, clock, loops, logger: silentLogger });
  const judgeUserToken = createUserTokenJudge({ settings, keys, clock, logger: silentLogger });
  const api = await startApi({ failedSignIns: 1000 }, { judgeUserToken });
  return {
    api,
    issuer,
    times: usualIssuerTimes,
    pass(ms) {
      passedMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}
