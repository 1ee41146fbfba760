import { z } from 'zod';
import { Account, Quotas } from '../../../protocol/account.ts';
import { Name } from '../../../protocol/names.ts';
import { defaultAccount } from '../../account.ts';
import { mayActFor } from '../../identity/principal.ts';
import { principalOf } from '../access.ts';
import { toAccount } from '../account-view.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { readIfMatch, toEntityTag } from '../entity-tag.ts';
import { PageQuery, pageOf } from '../page-query.ts';

const AccountPath = z.object({ account: Name });

/** `GET /accounts`, `GET /accounts/{account}` and `PUT /accounts/{account}/quotas`. Only who runs the hub sees others than their own, and sets quotas. */
export function accounts(app: ApiServer, { store, hubView, quotas, clock }: ApiContext): void {
  const parts = { hubView, quotas };
  app.get(
    '/accounts',
    {
      config: { access: 'read-accounts' },
      schema: {
        operationId: 'listAccounts',
        summary: 'List accounts, what they have and what they may have',
        description: 'By name. Administrators of the account `default` see all of them, everybody else their own.',
        tags: ['accounts'],
        querystring: PageQuery,
        response: { 200: pageOf(Account) },
      },
    },
    async (request) => {
      const { account, role } = principalOf(request);
      if (account !== defaultAccount || role !== 'admin') {
        return { items: [toAccount(await store.queries.account(account), parts)], nextCursor: null };
      }
      const page = await store.queries.accounts(request.query);
      return { items: page.items.map((record) => toAccount(record, parts)), nextCursor: page.nextCursor };
    },
  );
  app.get(
    '/accounts/:account',
    {
      config: { access: 'read-accounts' },
      schema: {
        operationId: 'getAccount',
        summary: 'Get what an account has, and what it may have',
        tags: ['accounts'],
        params: AccountPath,
        response: { 200: Account },
      },
    },
    async (request, reply) => {
      const { account } = request.params;
      if (!mayActFor(principalOf(request), account)) throw notFound('account');
      const record = await store.queries.account(account);
      reply.header('etag', toEntityTag(record.version));
      return toAccount(record, parts);
    },
  );
  app.put(
    '/accounts/:account/quotas',
    {
      config: { access: 'set-quotas' },
      schema: {
        operationId: 'setQuotas',
        summary: 'Set what an account may have',
        description:
          'Only with a token of the account `default`. All of them at once; `null` is what the configuration of the hub says. What an account has already is never taken from it.',
        tags: ['accounts'],
        params: AccountPath,
        body: Quotas,
        takes: ['IfMatch'],
        response: { 200: Account },
        answers: { 200: { description: 'It is this now', headers: ['ETag'] } },
        problems: ['stale'],
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { account } = request.params;
      if (principal.account !== defaultAccount) {
        throw new ApiProblem('not-allowed', `quotas are set with a token of the account ${defaultAccount}`);
      }
      const result = await store.apply('set-quotas', {
        account,
        quotas: request.body,
        ifVersion: readIfMatch(request),
        actor: actorOf(request),
        at: clock.now(),
      });
      if (result.type === 'stale') {
        throw new ApiProblem('stale', 'the quotas were changed since; look at them again and decide anew', {
          headers: { etag: toEntityTag(result.version) },
        });
      }
      reply.header('etag', toEntityTag(result.version));
      return toAccount(await store.queries.account(account), parts);
    },
  );
}
