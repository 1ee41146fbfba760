import { TrustedStore } from '../../../protocol/trusted-store.ts';
import { defaultAccount } from '../../account.ts';
import { principalOf } from '../access.ts';
import { actorOf } from '../actor-of.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

/** `POST /trust-store`: jobs are offered again that were held because agents have seen the store further than it is. */
export function trustStore(app: ApiServer, { store, clock }: ApiContext): void {
  app.post(
    '/trust-store',
    {
      config: { access: 'trust-store' },
      schema: {
        operationId: 'trustStore',
        summary: 'Go on with a store that was put back',
        description:
          'Where an agent has seen the store further than it is, jobs that wait may have run, and none is offered. This says that somebody has looked at them. Takes an administrator of the account `default`. Agents that know more go on distrusting the hub until each is told otherwise on its own machine.',
        tags: ['health'],
        response: { 200: TrustedStore },
        problems: ['not-allowed'],
      },
    },
    async (request) => {
      if (principalOf(request).account !== defaultAccount)
        throw new ApiProblem('not-allowed', `it takes an administrator of the account ${defaultAccount}`);
      const { agents } = await store.apply('trust-store', { actor: actorOf(request), at: clock.now() });
      return { agents: [...agents] };
    },
  );
}
