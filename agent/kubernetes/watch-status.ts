import type { Collection } from './api-resource.ts';
import type { ListWatch, ListWatchState } from './list-watch.ts';

/** A collection that is followed, on a status page. Times are ISO 8601. */
export interface WatchStatus {
  readonly resource: string;
  /** Null: in all. */
  readonly namespace: string | null;
  readonly state: ListWatchState['type'];
  readonly since: string;
  /** Why it is not followed; null where it is, and while nothing went wrong. */
  readonly error: string | null;
  readonly items: number;
  /** Lists that were read whole, and watches that were begun: the first of each is the usual beginning. */
  readonly lists: number;
  readonly watches: number;
  readonly events: number;
  /** When the server last said anything of it; null before. */
  readonly lastHeardAt: string | null;
}

export function toWatchStatus(
  { resource, namespace }: Collection,
  { state, counts, values }: Pick<ListWatch<unknown>, 'state' | 'counts' | 'values'>,
): WatchStatus {
  const { lists, watches, events, lastHeardAt } = counts;
  return {
    resource: resource.plural,
    namespace,
    state: state.type,
    since: new Date(state.since).toISOString(),
    error: 'error' in state ? (state.error?.message ?? null) : null,
    items: values.size,
    lists,
    watches,
    events,
    lastHeardAt: lastHeardAt === null ? null : new Date(lastHeardAt).toISOString(),
  };
}
