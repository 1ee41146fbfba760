import { z } from 'zod';
import { Id, Name, Timestamp } from '../../../protocol/names.ts';
import { mayActFor, toActor } from '../../identity/principal.ts';
import { hashToken, makeToken } from '../../identity/token-text.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { ExpiresInSeconds } from '../expires-in-seconds.ts';
import { toTimestamp } from '../timestamp.ts';

const Role = z.enum(['admin', 'operator', 'approver', 'viewer']);

const TokenRequest = z.strictObject({
  role: Role,
  account: Name.nullable().default(null).describe("the caller's own when left out"),
  name: z.string().max(256).default('').describe('what it is for'),
  expiresInSeconds: ExpiresInSeconds.nullable().default(null),
});

const Token = z.object({
  id: Id,
  token: z.string().describe('told this once'),
  account: Name,
  role: Role,
  name: z.string(),
  expiresAt: Timestamp.nullable(),
});

/** `POST /tokens`: a token for the API. Only its hash is kept. */
export function createToken(app: ApiServer, { store, clock, random }: ApiContext): void {
  app.post(
    '/tokens',
    {
      config: { access: 'create-tokens' },
      schema: { summary: 'Create a token', tags: ['tokens'], body: TokenRequest, response: { 201: Token } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { role, name, expiresInSeconds } = request.body;
      const account = request.body.account ?? principal.account;
      if (!mayActFor(principal, account))
        throw new ApiProblem('not-allowed', 'an administrator of an account makes tokens for that account only');
      const token = makeToken('user', random);
      const at = clock.now();
      const record = await store.apply('create-token', {
        id: random.orderedUuid(),
        hash: hashToken(token),
        account,
        role,
        name,
        expiresAt: expiresInSeconds === null ? null : Math.round(at + expiresInSeconds * 1000),
        actor: toActor(principal),
        at,
      });
      return reply.code(201).send({ ...record, token, expiresAt: toTimestamp(record.expiresAt) });
    },
  );
}
