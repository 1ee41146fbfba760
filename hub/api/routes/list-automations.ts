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
      schema: { summary: 'List automations', tags: ['automations'], response: { 200: pageOf(Automation) } },
    },
    async (request) => ({ items: toAutomations(hubView.agents(principalOf(request).account)), nextCursor: null }),
  );
}
