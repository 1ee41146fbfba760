import { parseBearerToken } from '../../identity/bearer-token.ts';
import { hashToken } from '../../identity/token-text.ts';
import type { UserAdmission } from '../../identity/user-admission.ts';
import type { AuthenticateUser } from '../../identity/user-authenticator.ts';
import { toClientNetwork } from './client-network.ts';
import type { FailedSignIns } from './failed-sign-ins.ts';

/** From here on nobody guesses a token, however often they may try: those that the hub makes have 256 bits, those of an issuer a signature. */
const guessableBelow = 32;
const maxKnown = 64;

/**
 * Slows down whoever tries tokens. A valid one always counts, whatever else comes from the same network, so that nobody behind a NAT suffers for
 * another there; only what is short enough to be guessed, as `FARHAND_ADMIN_TOKEN` may be, is not even looked at while the network is shut,
 * unless it counted before.
 */
export function limitSignIns(
  authenticate: AuthenticateUser,
  { failures, onDeferred }: { readonly failures: FailedSignIns; readonly onDeferred: () => void },
): AuthenticateUser {
  /** Hashes of short tokens that counted. */
  const known = new Set<string>();

  const defer = (waitMs: number): UserAdmission => {
    onDeferred();
    return {
      type: 'deferred',
      waitMs,
      message: 'too many tokens that came from this address did not count, and this one was not taken either',
      full: { what: 'failed-sign-ins', limit: failures.free, key: 'FARHAND_MAX_FAILED_SIGN_INS' },
    };
  };

  async function judgeGuess(authorization: string, token: string, remote: string): Promise<UserAdmission> {
    const hash = hashToken(token);
    if (known.has(hash)) return authenticate(authorization, remote);
    const network = toClientNetwork(remote);
    const shutMs = failures.shutForMs(network);
    if (shutMs > 0) return defer(shutMs);
    // Counted before it is looked at: a thousand that come at once are not a thousand tries.
    failures.add(network);
    const admission = await authenticate(authorization, remote);
    if (admission.type === 'refused' && admission.code === 'token-invalid') return admission;
    failures.takeBack(network);
    if (admission.type === 'admitted' && known.size < maxKnown) known.add(hash);
    return admission;
  }

  return async (authorization, remote) => {
    const bearer = parseBearerToken(authorization);
    if (authorization === undefined || bearer.type !== 'token') return authenticate(authorization, remote);
    if (bearer.token.length < guessableBelow) return judgeGuess(authorization, bearer.token, remote);
    const admission = await authenticate(authorization, remote);
    if (admission.type !== 'refused' || admission.code !== 'token-invalid') return admission;
    const network = toClientNetwork(remote);
    const shutMs = failures.shutForMs(network);
    if (shutMs > 0) return defer(shutMs);
    failures.add(network);
    return admission;
  };
}
