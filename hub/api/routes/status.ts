import { HubStatus } from '../../../protocol/hub-status.ts';
import { statusPageHeaders, wantsPage } from '../../../runtime/status-html.ts';
import { toHubStatusPage } from '../../status/hub-status-page.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { admitToStatus } from '../status-admission.ts';

/** `/status`: what each loop of the hub does, and why jobs wait. JSON, or a page for a browser. */
export function status(app: ApiServer, { hubView, signIn }: ApiContext): void {
  app.get(
    '/status',
    {
      // Not by role alone, and a browser may give its token as a password: the handler admits.
      config: { access: 'public' },
      schema: {
        operationId: 'getStatus',
        summary: 'Ask what the hub does, and why jobs wait',
        description:
          'With a token of the account `default`, as `Bearer` or as the password of `Basic`. JSON, whose members may grow; a page for who accepts `text/html`. Administrators see the names of all accounts.',
        tags: ['health'],
        security: [{ token: [] }],
        response: { 200: HubStatus },
        problems: ['token-missing', 'token-invalid', 'not-allowed'],
      },
    },
    async (request, reply) => {
      const reader = await admitToStatus(signIn, request);
      const found = hubView.status(reader);
      reply.header('vary', 'accept, authorization');
      if (!wantsPage(request.headers.accept)) return found;
      const page = toHubStatusPage(found);
      return reply
        .headers(statusPageHeaders)
        .serializer(() => page)
        .type('text/html; charset=utf-8')
        .send(found);
    },
  );
}
