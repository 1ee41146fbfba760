import { principalOf } from '../access.ts';
import { accountOf } from '../account-of.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { AccountQuery, TokenPath } from './token-path.ts';

/** `DELETE /tokens/{id}` and `DELETE /join-tokens/{id}`: worth nothing from the moment it is answered. */
export function revokeToken(app: ApiServer, { store, clock }: ApiContext): void {
  app.delete(
    '/tokens/:id',
    {
      config: { access: 'revoke-tokens' },
      schema: {
        operationId: 'revokeToken',
        summary: 'Revoke a token',
        description: 'It is worth nothing from then on. No token revokes itself, so that somebody can still get in.',
        tags: ['tokens'],
        params: TokenPath,
        querystring: AccountQuery,
        answers: { 204: { description: 'It is worth nothing from now on' } },
        problems: ['own-token'],
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { id } = request.params;
      const account = accountOf(principal, request.query.account);
      if (principal.type === 'token' && id === principal.tokenId) {
        throw new ApiProblem(
          'own-token',
          'a token does not revoke itself; make another one and revoke this one with it',
        );
      }
      const result = await store.apply('revoke-token', { id, account, actor: actorOf(request), at: clock.now() });
      if (result.type === 'not-found') throw notFound('token');
      return reply.code(204).send();
    },
  );
  app.delete(
    '/join-tokens/:id',
    {
      config: { access: 'revoke-tokens' },
      schema: {
        operationId: 'revokeJoinToken',
        summary: 'Revoke a join token',
        description: 'No agent enrols with it from then on; those that did stay.',
        tags: ['tokens'],
        params: TokenPath,
        querystring: AccountQuery,
        answers: { 204: { description: 'No agent enrols with it from now on' } },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const account = accountOf(principal, request.query.account);
      const result = await store.apply('revoke-join-token', {
        id: request.params.id,
        account,
        actor: actorOf(request),
        at: clock.now(),
      });
      if (result.type === 'not-found') throw notFound('join token');
      return reply.code(204).send();
    },
  );
}
