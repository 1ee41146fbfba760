import { CreatedToken, TokenRequest } from '../../../protocol/token.ts';
import { hashToken, makeToken } from '../../identity/token-text.ts';
import { principalOf } from '../access.ts';
import { accountOf } from '../account-of.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { toToken } from '../token-view.ts';

/** `POST /tokens`: a token for the API. Only its hash is kept. */
export function createToken(app: ApiServer, { store, clock, random }: ApiContext): void {
  app.post(
    '/tokens',
    {
      config: { access: 'create-tokens' },
      schema: {
        operationId: 'createToken',
        summary: 'Create a token',
        description: 'Only its hash is kept: the answer is the one place where the token stands.',
        tags: ['tokens'],
        body: TokenRequest,
        response: { 201: CreatedToken },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { role, name, expiresInSeconds } = request.body;
      const account = accountOf(principal, request.body.account);
      const token = makeToken('user', random);
      const at = clock.now();
      const record = await store.apply('create-token', {
        id: random.orderedUuid(),
        hash: hashToken(token),
        account,
        role,
        name,
        expiresAt: expiresInSeconds === null ? null : Math.round(at + expiresInSeconds * 1000),
        actor: actorOf(request),
        at,
      });
      return reply.code(201).send({ ...toToken({ ...record, createdAt: at, revokedAt: null }), token });
    },
  );
}
