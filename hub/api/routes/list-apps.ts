import { appKinds, appStates } from '../../../protocol/app.ts';
import { App } from '../../../protocol/inventory.ts';
import { principalOf } from '../access.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { InventoryQuery, NamespaceQuery, toInventoryFilter } from '../inventory-query.ts';
import { toApp } from '../inventory-view.ts';
import { pageOf } from '../page-query.ts';
import { manyOf } from '../words-query.ts';

const AppsQuery = InventoryQuery.extend({
  ...NamespaceQuery,
  kind: manyOf(appKinds).describe('one or more, repeated or with commas between'),
  state: manyOf(appStates).describe('one or more, repeated or with commas between'),
});

/** `GET /apps`, by name. */
export function listApps(app: ApiServer, { store, hubView }: ApiContext): void {
  app.get(
    '/apps',
    {
      config: { access: 'read-agents' },
      schema: {
        operationId: 'listApps',
        summary: 'List the apps of clusters',
        description:
          'By name. A page may hold fewer than `limit`, even none, and still have a `nextCursor`. What an agent that is offline told last stays, and says since when it is `stale`.',
        tags: ['inventory'],
        querystring: AppsQuery,
        response: { 200: pageOf(App) },
      },
    },
    async (request) => {
      const { limit, cursor, stale } = request.query;
      const find = { filter: toInventoryFilter(request.query), limit, cursor };
      const page = await store.queries.inventory(principalOf(request).account, 'apps', find);
      const items = page.items.flatMap((record) => toApp(record, hubView) ?? []);
      const asked = stale === null ? items : items.filter((item) => (item.stale !== null) === stale);
      return { items: asked, nextCursor: page.nextCursor };
    },
  );
}
