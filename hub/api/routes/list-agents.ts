import { Agent } from '../../../protocol/agent.ts';
import { principalOf } from '../access.ts';
import { toAgent } from '../agent-view.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { PageQuery, pageOf, RevokedQuery } from '../page-query.ts';

const AgentsQuery = PageQuery.extend(RevokedQuery);

/** `GET /agents`, by name. */
export function listAgents(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/agents',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'listAgents',
        summary: 'List agents',
        description: 'By name, offline ones too; with `revoked`, those that were revoked, the earliest enrolled first.',
        tags: ['agents'],
        querystring: AgentsQuery,
        response: { 200: pageOf(Agent) },
      },
    },
    async (request) => {
      const { account } = principalOf(request);
      const { query } = request;
      const { queries } = store;
      const page = await (query.revoked ? queries.revokedAgents(account, query) : queries.agents(account, query));
      return { items: page.items.map((agent) => toAgent(agent, hubView)), nextCursor: page.nextCursor };
    },
  );
}
