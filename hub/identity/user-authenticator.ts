import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../store/store.ts';
import { parseBearerToken } from './bearer-token.ts';
import { hashToken } from './token-text.ts';
import type { UserAdmission, UserRefusal } from './user-admission.ts';

/** Called with the `Authorization` header, and the address it came from, before any handler runs. Rejects with `StoreError` only. */
export type AuthenticateUser = (authorization: string | undefined, remote: string) => Promise<UserAdmission>;

/** Judges a token that an issuer signed. Never rejects. */
export type JudgeUserToken = (token: string) => Promise<UserAdmission>;

/** One answer for all that is wrong with a token, whoever made it: which of them it is helps only who guesses. */
export const tokenRefused = {
  type: 'refused',
  code: 'token-invalid',
  message: 'the token is unknown, expired or revoked',
} as const satisfies UserAdmission;

/** Three parts in base64url, of which the last is nothing where nobody signed. */
const signedToken = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** Whether it is an issuer's token by its form. No token that this hub makes is. */
export function isSignedToken(token: string): boolean {
  return signedToken.test(token);
}

/** Looks every token up anew, so that a revoked one is worth nothing from then on. */
export function createUserAuthenticator({
  store,
  clock,
  judgeUserToken,
}: {
  readonly store: Store;
  readonly clock: Clock;
  /** Null where no issuer is believed. */
  readonly judgeUserToken: JudgeUserToken | null;
}): AuthenticateUser {
  return async (authorization) => {
    const bearer = parseBearerToken(authorization);
    if (bearer.type === 'missing') return refuse('token-missing', 'send the header "Authorization: Bearer <token>"');
    if (bearer.type === 'unreadable') {
      return refuse('token-invalid', 'expected the header "Authorization: Bearer <token>", got something else');
    }
    if (judgeUserToken !== null && isSignedToken(bearer.token)) return judgeUserToken(bearer.token);
    const record = await store.queries.tokenByHash(hashToken(bearer.token));
    if (record === null || (record.expiresAt !== null && record.expiresAt <= clock.now())) return tokenRefused;
    const { id: tokenId, account, role } = record;
    return { type: 'admitted', principal: { type: 'token', tokenId, account, role } };
  };
}

function refuse(code: UserRefusal, message: string): UserAdmission {
  return { type: 'refused', code, message };
}
