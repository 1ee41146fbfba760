import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../store/store.ts';
import { parseBearerToken } from './bearer-token.ts';
import type { Principal } from './principal.ts';
import { hashToken } from './token-text.ts';

export type UserAdmission =
  | { readonly type: 'admitted'; readonly principal: Principal }
  | { readonly type: 'refused'; readonly code: 'token-missing' | 'token-invalid'; readonly message: string };

/** Called with the `Authorization` header, and the address it came from, before any handler runs. Rejects with `StoreError` only. */
export type AuthenticateUser = (authorization: string | undefined, remote: string) => Promise<UserAdmission>;

/** Looks every token up anew, so that a revoked one is worth nothing from then on. */
export function createUserAuthenticator({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): AuthenticateUser {
  return async (authorization) => {
    const bearer = parseBearerToken(authorization);
    if (bearer.type === 'missing') return refuse('token-missing', 'send the header "Authorization: Bearer <token>"');
    if (bearer.type === 'unreadable') {
      return refuse('token-invalid', 'expected the header "Authorization: Bearer <token>", got something else');
    }
    const record = await store.queries.tokenByHash(hashToken(bearer.token));
    const valid = record !== null && (record.expiresAt === null || record.expiresAt > clock.now());
    // One answer for all that is wrong with a token: which of them it is helps only who guesses.
    if (!valid) return refuse('token-invalid', 'the token is unknown, expired or revoked');
    return { type: 'admitted', principal: { tokenId: record.id, account: record.account, role: record.role } };
  };
}

function refuse(code: 'token-missing' | 'token-invalid', message: string): UserAdmission {
  return { type: 'refused', code, message };
}
