import { Facts } from '../../../protocol/facts.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toFacts } from '../facts-view.ts';
import { PageQuery, pageOf } from '../page-query.ts';
import { AgentPath } from './agent-path.ts';

/** `GET /agents/{name}/facts`, by the name of the probe. */
export function listFacts(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/agents/:name/facts',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'listFacts',
        summary: 'List the facts of an agent',
        tags: ['facts'],
        params: AgentPath,
        querystring: PageQuery,
        response: { 200: pageOf(Facts) },
      },
    },
    async (request) => {
      const agent = await store.queries.agentByName(principalOf(request).account, request.params.name);
      if (agent === null) throw notFound('agent');
      const { items, nextCursor } = await store.queries.allFactsOf(agent.id, request.query);
      return { items: items.map((facts) => toFacts(facts, agent, hubView)), nextCursor };
    },
  );
}
