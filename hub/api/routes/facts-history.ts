import { FactsChange } from '../../../protocol/facts.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toFactsChange } from '../facts-view.ts';
import { PageQuery, pageOf } from '../page-query.ts';
import { ProbePath } from './probe-path.ts';

/** `GET /agents/{name}/facts/{probe}/history`: what the facts were after each of their last changes, the newest first. */
export function factsHistory(app: ApiServer, { store }: ApiContext): void {
  app.get(
    '/agents/:name/facts/:probe/history',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'listFactsHistory',
        summary: 'List the changes of the facts of one probe',
        tags: ['facts'],
        params: ProbePath,
        querystring: PageQuery,
        response: { 200: pageOf(FactsChange) },
      },
    },
    async (request) => {
      const { name, probe } = request.params;
      const agent = await store.queries.agentByName(principalOf(request).account, name);
      if (agent === null) throw notFound('agent');
      if ((await store.queries.factsOf(agent.id, probe)) === null) throw notFound('probe');
      const { items, nextCursor } = await store.queries.factsHistory(agent.id, probe, request.query);
      return { items: items.map(toFactsChange), nextCursor };
    },
  );
}
