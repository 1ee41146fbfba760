import { Agent, AgentRevocation } from '../../../protocol/agent.ts';
import { principalOf } from '../access.ts';
import { actorOf } from '../actor-of.ts';
import { toAgent } from '../agent-view.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { AgentPath } from './agent-path.ts';

/** `POST /agents/{name}/revoke`: its channels are cut, and its key opens nothing from then on. */
export function revokeAgent(app: ApiServer, { store, hubView, clock }: ApiContext): void {
  app.post(
    '/agents/:name/revoke',
    {
      config: { access: 'revoke-agents' },
      schema: {
        operationId: 'revokeAgent',
        summary: 'Revoke an agent',
        description:
          'Its channels are cut, its key opens nothing from then on, and its name may join anew. What runs on its machine runs on there; the hub hears no more of it and calls those jobs `lost` after `FARHAND_LOST_AFTER_SECONDS`, or at once with `loseJobs`.',
        tags: ['agents'],
        params: AgentPath,
        body: AgentRevocation,
        response: { 200: Agent },
        answers: { 200: { description: 'The agent as it was' } },
      },
    },
    async (request) => {
      const { account } = principalOf(request);
      const { name } = request.params;
      const { loseJobs, note } = request.body;
      const result = await store.apply('revoke-agent', {
        account,
        name,
        loseJobs: loseJobs ? { retrySafe: await findRetrySafe(account, name) } : null,
        note,
        actor: actorOf(request),
        at: clock.now(),
      });
      if (result.type === 'not-found') throw notFound('agent');
      return toAgent(result.agent, hubView);
    },
  );

  /** Which of its attempts may be tried again elsewhere, by what it says of their automations. */
  async function findRetrySafe(account: string, name: string): Promise<readonly string[]> {
    const agent = await store.queries.agentByName(account, name);
    const open = agent === null ? [] : await store.queries.openAttempts(agent.id);
    return open.filter((attempt) => hubView.isRetrySafe(attempt)).map(({ id }) => id);
  }
}
