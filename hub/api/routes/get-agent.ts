import { Agent } from '../../../protocol/agent.ts';
import { principalOf } from '../access.ts';
import { toAgent } from '../agent-view.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toEntityTag } from '../entity-tag.ts';
import { AgentPath } from './agent-path.ts';

/** `GET /agents/{name}`. */
export function getAgent(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/agents/:name',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'getAgent',
        summary: 'Get an agent',
        tags: ['agents'],
        params: AgentPath,
        response: { 200: Agent },
      },
    },
    async (request, reply) => {
      const agent = await store.queries.agentByName(principalOf(request).account, request.params.name);
      if (agent === null) throw notFound('agent');
      return reply.header('etag', toEntityTag(agent.desiredVersion)).send(toAgent(agent, hubView));
    },
  );
}
