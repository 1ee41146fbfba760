import { Automation } from '../../../protocol/agent.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { toAutomations } from '../automation-view.ts';
import { pageOf } from '../page-query.ts';

/** `GET /automations`: what can be run, on how many agents. */
export function listAutomations(app: ApiServer, { hubView }: ApiContext): void {
  app.get(
    '/automations',
    {
      config: { access: 'read-automations' },
      schema: {
        operationId: 'listAutomations',
        summary: 'List automations',
        description: 'Every form of every automation, told apart by digest, with the schema of its parameters.',
        tags: ['automations'],
        response: { 200: pageOf(Automation) },
      },
    },
    async (request) => ({ items: toAutomations(hubView.agents(principalOf(request).account)), nextCursor: null }),
  );
}
