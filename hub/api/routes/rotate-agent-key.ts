import { Agent } from '../../../protocol/agent.ts';
import { principalOf } from '../access.ts';
import { actorOf } from '../actor-of.ts';
import { toAgent } from '../agent-view.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { EmptyBody } from '../empty-body.ts';
import { toEntityTag } from '../entity-tag.ts';
import { AgentPath } from './agent-path.ts';

/** `POST /agents/{name}/rotate-key`: 202, because the agent hears of it when it can. */
export function rotateAgentKey(app: ApiServer, { store, hubView, clock }: ApiContext): void {
  app.post(
    '/agents/:name/rotate-key',
    {
      config: { access: 'change-agents' },
      schema: {
        operationId: 'rotateAgentKey',
        summary: 'Give an agent another key',
        description:
          'The agent makes it as soon as it hears of it, and the old one opens nothing once the new one is in its place: `keyFingerprint` is another then, and `keyRotating` false. What runs on it goes on.',
        tags: ['agents'],
        params: AgentPath,
        body: EmptyBody,
        response: { 202: Agent },
        answers: { 202: { description: 'The wish is stored', headers: ['ETag'] } },
      },
    },
    async (request, reply) => {
      const result = await store.apply('rotate-agent-key', {
        account: principalOf(request).account,
        name: request.params.name,
        actor: actorOf(request),
        at: clock.now(),
      });
      if (result.type === 'not-found') throw notFound('agent');
      return reply
        .code(202)
        .header('etag', toEntityTag(result.agent.desiredVersion))
        .send(toAgent(result.agent, hubView));
    },
  );
}
