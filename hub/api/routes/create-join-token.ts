import { parseLabelSelector } from '../../../protocol/label-selector.ts';
import { CreatedJoinToken, JoinTokenRequest } from '../../../protocol/token.ts';
import { hashToken, makeToken } from '../../identity/token-text.ts';
import { principalOf } from '../access.ts';
import { accountOf } from '../account-of.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { toJoinToken } from '../token-view.ts';

/** `POST /join-tokens`: a token with which agents enrol. Only its hash is kept. */
export function createJoinToken(app: ApiServer, { store, clock, random }: ApiContext): void {
  app.post(
    '/join-tokens',
    {
      config: { access: 'create-tokens' },
      schema: {
        operationId: 'createJoinToken',
        summary: 'Create a join token',
        description: 'With it agents enrol. Only its hash is kept.',
        tags: ['tokens'],
        body: JoinTokenRequest,
        response: { 201: CreatedJoinToken },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { uses, expiresInSeconds, labels, allowedLabels, ephemeral } = request.body;
      const account = accountOf(principal, request.body.account);
      const token = makeToken('join', random);
      const at = clock.now();
      const record = await store.apply('create-join-token', {
        token: {
          id: random.orderedUuid(),
          account,
          usesLeft: uses,
          expiresAt: expiresInSeconds === null ? null : Math.round(at + expiresInSeconds * 1000),
          allowedLabels: parseLabelSelector(allowedLabels),
          labels,
          ephemeral,
        },
        hash: hashToken(token),
        actor: actorOf(request),
        at,
      });
      return reply.code(201).send({ ...toJoinToken({ ...record, createdAt: at }), allowedLabels, token });
    },
  );
}
