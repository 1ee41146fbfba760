import { JoinToken, Token } from '../../../protocol/token.ts';
import { principalOf } from '../access.ts';
import { accountOf } from '../account-of.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { pageOf } from '../page-query.ts';
import { toJoinToken, toToken } from '../token-view.ts';
import { TokensQuery, UserTokensQuery } from './token-path.ts';

/** `GET /tokens` and `GET /join-tokens`: those that stand, without the secrets, which nobody has. */
export function listTokens(app: ApiServer, { store }: ApiContext): void {
  app.get(
    '/tokens',
    {
      config: { access: 'read-tokens' },
      schema: {
        operationId: 'listTokens',
        summary: 'List tokens',
        description:
          'The oldest first, those that stand; with `revoked`, those that were revoked. One that was revoked or expired is forgotten a month later.',
        tags: ['tokens'],
        querystring: UserTokensQuery,
        response: { 200: pageOf(Token) },
      },
    },
    async (request) => {
      const { account, revoked } = request.query;
      const of = accountOf(principalOf(request), account);
      const { queries } = store;
      const page = await (revoked ? queries.revokedTokens(of, request.query) : queries.tokens(of, request.query));
      return { items: page.items.map(toToken), nextCursor: page.nextCursor };
    },
  );
  app.get(
    '/join-tokens',
    {
      config: { access: 'read-tokens' },
      schema: {
        operationId: 'listJoinTokens',
        summary: 'List join tokens',
        description: 'The oldest first, used up ones too, without those that were revoked.',
        tags: ['tokens'],
        querystring: TokensQuery,
        response: { 200: pageOf(JoinToken) },
      },
    },
    async (request) => {
      const account = accountOf(principalOf(request), request.query.account);
      const page = await store.queries.joinTokens(account, request.query);
      return { items: page.items.map(toJoinToken), nextCursor: page.nextCursor };
    },
  );
}
