import { JsonObject } from '../../../protocol/json.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';

const OpenapiDocument = JsonObject.describe('OpenAPI 3.1');

/** `GET /openapi.json`, made from the schemas that check the requests. */
export function openapi(app: ApiServer, { description, publicBase }: ApiContext): void {
  app.get(
    '/openapi.json',
    {
      config: { access: 'read-api' },
      schema: {
        operationId: 'getDescription',
        summary: 'Get this description',
        tags: ['api'],
        response: { 200: OpenapiDocument },
      },
    },
    async (request) => description.toDocument(publicBase(request.raw, 'absolute')),
  );
}
