import { Node } from '../../../protocol/inventory.ts';
import { nodeStates } from '../../../protocol/node.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { InventoryQuery, toInventoryFilter } from '../inventory-query.ts';
import { toNode } from '../inventory-view.ts';
import { pageOf } from '../page-query.ts';
import { manyOf } from '../words-query.ts';

const NodesQuery = InventoryQuery.extend({
  state: manyOf(nodeStates).describe('one or more, repeated or with commas between'),
});

/** `GET /nodes`, by name. */
export function listNodes(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/nodes',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'listNodes',
        summary: 'List the nodes of clusters',
        description:
          'By name. A page may hold fewer than `limit`, even none, and still have a `nextCursor`. What an agent that is offline told last stays, and says since when it is `stale`.',
        tags: ['inventory'],
        querystring: NodesQuery,
        response: { 200: pageOf(Node) },
      },
    },
    async (request) => {
      const { limit, cursor, stale } = request.query;
      const find = { filter: toInventoryFilter(request.query), limit, cursor };
      const page = await store.queries.inventory(principalOf(request).account, 'nodes', find);
      const items = page.items.flatMap((record) => toNode(record, hubView) ?? []);
      const asked = stale === null ? items : items.filter((item) => (item.stale !== null) === stale);
      return { items: asked, nextCursor: page.nextCursor };
    },
  );
}
