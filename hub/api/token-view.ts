import { toSelectorText } from '../../protocol/selector-text.ts';
import type { JoinToken, Token } from '../../protocol/token.ts';
import type { ListedJoinToken, ListedToken } from '../store/records.ts';
import { toTimestamp } from './timestamp.ts';

/** A token as the API shows it. */
export function toToken({ expiresAt, createdAt, revokedAt, ...token }: ListedToken): Token {
  return {
    ...token,
    expiresAt: toTimestamp(expiresAt),
    createdAt: toTimestamp(createdAt),
    revokedAt: toTimestamp(revokedAt),
  };
}

/** A join token as the API shows it. */
export function toJoinToken(token: ListedJoinToken): JoinToken {
  const { id, account, usesLeft, expiresAt, labels, allowedLabels, ephemeral, createdAt } = token;
  return {
    id,
    account,
    uses: usesLeft,
    expiresAt: toTimestamp(expiresAt),
    labels,
    allowedLabels: toSelectorText(allowedLabels),
    ephemeral,
    createdAt: toTimestamp(createdAt),
  };
}
