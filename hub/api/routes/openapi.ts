import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';

/** `GET /openapi.json`, made from the schemas that check the requests. */
export function openapi(app: ApiServer, _context: ApiContext): void {
  app.get(
    '/openapi.json',
    { config: { access: 'read-api' }, schema: { summary: 'This description', tags: ['api'] } },
    async () => app.swagger(),
  );
}
