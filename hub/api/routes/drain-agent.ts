import { z } from 'zod';
import { Agent } from '../../../protocol/agent.ts';
import { AgentDesired } from '../../../protocol/agent-report.ts';
import { toActor } from '../../identity/principal.ts';
import { principalOf } from '../access.ts';
import { toAgent } from '../agent-view.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { AgentPath } from './agent-path.ts';

const Note = z.strictObject({ note: AgentDesired.shape.note.default(null).describe('why, for whoever looks later') });

const wishes = {
  drain: { summary: 'Give an agent no more work', schedulable: false, drain: true },
  resume: { summary: 'Give an agent work again', schedulable: true, drain: false },
} as const;

/** `POST /agents/{name}/drain` and `/resume`: 202, because the agent hears of it when it can. What runs on it goes on. */
export function drainAgent(app: ApiServer, { store, hubView, clock }: ApiContext): void {
  for (const [wish, { summary, schedulable, drain }] of Object.entries(wishes)) {
    app.post(
      `/agents/:name/${wish}`,
      {
        config: { access: 'change-agents' },
        schema: { summary, tags: ['agents'], params: AgentPath, body: Note, response: { 202: Agent } },
      },
      async (request, reply) => {
        const principal = principalOf(request);
        const result = await store.apply('set-agent-desired', {
          account: principal.account,
          name: request.params.name,
          desired: { schedulable, drain, note: request.body.note },
          actor: toActor(principal),
          at: clock.now(),
        });
        if (result.type === 'not-found') throw notFound('agent');
        return reply.code(202).send(toAgent(result.agent, hubView));
      },
    );
  }
}
