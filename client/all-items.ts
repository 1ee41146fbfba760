/** A list that has pages: `client.listJobs` and its like. */
export type ListPage<Query, Item> = (
  query?: Query,
) => Promise<{ readonly items: readonly Item[]; readonly nextCursor: string | null }>;

/** What every list may be asked. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Every item of a list, page by page as they are asked for: `allItems(client.listJobs, { automation: 'greet' })`. */
export async function* allItems<Query extends PageQuery, Item>(
  list: ListPage<Query, Item>,
  query: NoInfer<Query>,
): AsyncGenerator<Item, void> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<ListPage<Query, Item>>> = await list({ ...query, cursor });
    yield* page.items;
    cursor = page.nextCursor;
  }
}
