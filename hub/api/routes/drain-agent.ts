import { Agent, AgentNote } from '../../../protocol/agent.ts';
import { principalOf } from '../access.ts';
import { actorOf } from '../actor-of.ts';
import { toAgent } from '../agent-view.ts';
import type { ApiContext } from '../api-context.ts';
import { ApiProblem, notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { readIfMatch, toEntityTag } from '../entity-tag.ts';
import { AgentPath } from './agent-path.ts';

const wishes = {
  drain: { operationId: 'drainAgent', summary: 'Give an agent no more work', schedulable: false, drain: true },
  resume: { operationId: 'resumeAgent', summary: 'Give an agent work again', schedulable: true, drain: false },
} as const;

/** `POST /agents/{name}/drain` and `/resume`: 202, because the agent hears of it when it can. What runs on it goes on. */
export function drainAgent(app: ApiServer, { store, hubView, clock }: ApiContext): void {
  for (const [wish, { operationId, summary, schedulable, drain }] of Object.entries(wishes)) {
    app.post(
      `/agents/:name/${wish}`,
      {
        config: { access: 'change-agents' },
        schema: {
          operationId,
          summary,
          description: 'The agent hears of it when it can; what runs on it goes on.',
          tags: ['agents'],
          params: AgentPath,
          body: AgentNote,
          takes: ['IfMatch'],
          response: { 202: Agent },
          answers: { 202: { description: 'The wish is stored', headers: ['ETag'] } },
          problems: ['stale'],
        },
      },
      async (request, reply) => {
        const principal = principalOf(request);
        const result = await store.apply('set-agent-desired', {
          account: principal.account,
          name: request.params.name,
          desired: { schedulable, drain, note: request.body.note },
          ifVersion: readIfMatch(request),
          actor: actorOf(request),
          at: clock.now(),
        });
        if (result.type === 'not-found') throw notFound('agent');
        if (result.type === 'stale') {
          throw new ApiProblem('stale', 'the agent was changed since; look at it again and decide anew', {
            headers: { etag: toEntityTag(result.agent.desiredVersion) },
          });
        }
        return reply
          .code(202)
          .header('etag', toEntityTag(result.agent.desiredVersion))
          .send(toAgent(result.agent, hubView));
      },
    );
  }
}
