import { Node } from '../../../protocol/inventory.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import { notFound } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';
import { toNode } from '../inventory-view.ts';
import { InventoryPath } from './inventory-path.ts';

/** `GET /nodes/{id}`. */
export function getNode(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/nodes/:id',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'getNode',
        summary: 'Get a node',
        tags: ['inventory'],
        params: InventoryPath,
        response: { 200: Node },
      },
    },
    async (request) => {
      const record = await store.queries.inventoryItem(principalOf(request).account, 'nodes', request.params.id);
      const found = record === null ? null : toNode(record, hubView);
      if (found === null) throw notFound('node');
      return found;
    },
  );
}
