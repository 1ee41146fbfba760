import { App } from '../../../protocol/inventory.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toApp } from '../inventory-view.ts';
import { InventoryPath } from './inventory-path.ts';

/** `GET /apps/{id}`. */
export function getApp(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/apps/:id',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'getApp',
        summary: 'Get an app',
        tags: ['inventory'],
        params: InventoryPath,
        response: { 200: App },
      },
    },
    async (request) => {
      const record = await store.queries.inventoryItem(principalOf(request).account, 'apps', request.params.id);
      const found = record === null ? null : toApp(record, hubView);
      if (found === null) throw notFound('app');
      return found;
    },
  );
}
