import { Facts } from '../../../protocol/facts.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toFacts } from '../facts-view.ts';
import { ProbePath } from './probe-path.ts';

/** `GET /agents/{name}/facts/{probe}`. */
export function getFacts(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/agents/:name/facts/:probe',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'getFacts',
        summary: 'Get the facts of one probe',
        tags: ['facts'],
        params: ProbePath,
        response: { 200: Facts },
      },
    },
    async (request) => {
      const { name, probe } = request.params;
      const agent = await store.queries.agentByName(principalOf(request).account, name);
      if (agent === null) throw notFound('agent');
      const facts = await store.queries.factsOf(agent.id, probe);
      if (facts === null) throw notFound('probe');
      return toFacts(facts, agent, hubView);
    },
  );
}
