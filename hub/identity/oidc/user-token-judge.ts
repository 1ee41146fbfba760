import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { UserAdmission } from '../user-admission.ts';
import { type JudgeUserToken, tokenRefused } from '../user-authenticator.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { judgeClaims } from './judge-claims.ts';
import { OidcError } from './oidc-error.ts';
import type { OidcSettings } from './oidc-settings.ts';
import { signatureAlgorithms } from './signature-algorithms.ts';

/** How far the issuer's clock and ours may be apart. */
const leewaySeconds = 30;
/** A token that says what it is for, and is for something else, such as the notice of a log-out, lets nobody in. */
const tokenTypes: readonly unknown[] = [undefined, 'JWT', 'at+jwt', 'application/at+jwt'];
/** OpenID Connect Core 1.0, §2: ASCII, and no longer. */
const subjectPattern = /^[\x20-\x7e]{1,255}$/;

class Refusal extends Error {}

/**
 * Judges JWTs of the issuer: signature by one of its keys, by an algorithm of our list; issuer, audience, times. What a token's header says of
 * where its key is (`jku`, `x5u`, `jwk`, `x5c`) is never looked at. One answer for all that is wrong with a token; why is in the hub's log, at `debug`,
 * without the token.
 */
export function createUserTokenJudge({
  settings,
  keys,
  clock,
  logger,
}: {
  readonly settings: OidcSettings;
  readonly keys: Pick<IssuerKeys, 'find'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): JudgeUserToken {
  async function readClaims(token: string): Promise<JWTPayload & { readonly sub: string }> {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      async (header, input) => {
        const key = await keys.find(header, input);
        if (key === null) throw new Refusal('key-unknown');
        return key;
      },
      {
        algorithms: [...signatureAlgorithms],
        issuer: settings.issuer,
        audience: settings.audience,
        clockTolerance: leewaySeconds,
        currentDate: new Date(clock.now()),
        requiredClaims: ['exp', 'sub'],
      },
    );
    if (!tokenTypes.includes(protectedHeader.typ)) throw new Refusal('typ');
    const { sub } = payload;
    if (sub === undefined || !subjectPattern.test(sub)) throw new Refusal('sub');
    if (!isForUs(payload, settings)) throw new Refusal('azp');
    return { ...payload, sub };
  }

  return async (token): Promise<UserAdmission> => {
    try {
      const admission = judgeClaims(await readClaims(token), settings);
      if (admission.type === 'refused') logger.debug({ reason: 'claims' }, 'token of a user refused');
      return admission;
    } catch (error) {
      if (error instanceof OidcError) {
        return {
          type: 'refused',
          code: 'unavailable',
          message: 'the hub cannot ask the issuer for its keys now, so it cannot judge this token; nothing was changed',
        };
      }
      logger.debug({ reason: toReason(error) }, 'token of a user refused');
      return tokenRefused;
    }
  };
}

/**
 * A token that is for several was made for one program, and has to say for which: `azp` (OpenID Connect Core 1.0, §3.1.3.7), or
 * `client_id` (RFC 9068, §2.2).
 */
function isForUs({ aud, azp, client_id: client }: JWTPayload, { audience, clients }: OidcSettings): boolean {
  if (!Array.isArray(aud) || aud.length === 1) return true;
  const party = azp ?? client;
  return party === audience || clients.some((one) => one === party);
}

/** Never what stands in the token. */
function toReason(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim;
  if (error instanceof errors.JOSEError) return error.code;
  return error instanceof Refusal ? error.message : 'unreadable';
}
