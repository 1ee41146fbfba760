import { z } from 'zod';
import { parseLabelSelector, SelectorText } from '../../../protocol/label-selector.ts';
import { Labels } from '../../../protocol/labels.ts';
import { Id, Name, Timestamp } from '../../../protocol/names.ts';
import { mayActFor, toActor } from '../../identity/principal.ts';
import { hashToken, makeToken } from '../../identity/token-text.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { ExpiresInSeconds } from '../expires-in-seconds.ts';
import { toTimestamp } from '../timestamp.ts';

const hour = 3600;

const JoinTokenRequest = z.strictObject({
  account: Name.nullable().default(null).describe("the caller's own when left out"),
  uses: z.int().min(1).max(1_000_000).nullable().default(1).describe('null: any number'),
  expiresInSeconds: ExpiresInSeconds.nullable().default(hour).describe('null: never'),
  labels: Labels.default({}).describe('given to every agent that comes with it'),
  allowedLabels: SelectorText.default('').describe('labels that an agent may claim; empty: any but farhand.io/…'),
  ephemeral: z
    .boolean()
    .default(false)
    .describe('a new key may take over the name of an agent that came with this token'),
});

const JoinToken = z.object({
  id: Id,
  token: z.string().describe('told this once'),
  account: Name,
  uses: z.int().nullable(),
  expiresAt: Timestamp.nullable(),
  labels: Labels,
  allowedLabels: z.string(),
  ephemeral: z.boolean(),
});

/** `POST /join-tokens`: a token with which agents enrol. Only its hash is kept. */
export function createJoinToken(app: ApiServer, { store, clock, random }: ApiContext): void {
  app.post(
    '/join-tokens',
    {
      config: { access: 'create-tokens' },
      schema: {
        summary: 'Create a join token',
        tags: ['tokens'],
        body: JoinTokenRequest,
        response: { 201: JoinToken },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { uses, expiresInSeconds, labels, allowedLabels, ephemeral } = request.body;
      const account = request.body.account ?? principal.account;
      if (!mayActFor(principal, account))
        throw new ApiProblem('not-allowed', 'an administrator of an account makes join tokens for that account only');
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
        actor: toActor(principal),
        at,
      });
      const { id, expiresAt } = record;
      return reply
        .code(201)
        .send({ id, token, account, uses, expiresAt: toTimestamp(expiresAt), labels, allowedLabels, ephemeral });
    },
  );
}
