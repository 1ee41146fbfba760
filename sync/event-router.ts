import type { CloudEvent } from '../protocol/cloud-event.ts';
import { parseEventType } from '../protocol/event-type.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Publish } from './publish.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncCounters } from './sync-counters.ts';

/** All clients of one control channel: hands them what comes in, by resource type, and serves the link to all of them. */
export interface EventRouter {
  /** Never throws and never waits. What is for nobody here is logged and counted. */
  receive(event: CloudEvent): void;
  /** As `SyncClient.serve`, of every client. Rejects when one of them still serves another link. */
  serve(publish: Publish, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Unknown resources that are named in the log. */
const maxForeign = 20;

/** The clients stay the caller's: it disposes of them. */
export function createEventRouter(options: {
  /** The agent's id, on both sides. Events of another are dropped; only a resync request may name none, which means all. */
  readonly cluster: string;
  readonly clients: readonly SyncClient[];
  readonly logger: Logger;
  readonly counters: SyncCounters;
}): EventRouter {
  const { cluster, logger, counters } = options;
  const clients = new Map<string, SyncClient>(options.clients.map((client) => [client.resource, client]));
  const foreign = new Set<string>();
  const drop = (count: 'malformed' | 'wrong-cluster', event: CloudEvent, error?: unknown) => {
    counters.add(count);
    logger.warn({ err: error, count, eventType: event.type, cluster: event.clustername }, 'event dropped');
  };
  /** A later version of the other side may have more resources, and tells of them all the time: each is worth one line. */
  const passOver = (resource: string) => {
    counters.add('unknown-resource');
    if (foreign.has(resource) || foreign.size >= maxForeign) return;
    foreign.add(resource);
    logger.info({ resource }, 'events of a resource that this version does not know are passed over');
  };
  return {
    receive(event) {
      try {
        const type = parseEventType(event.type);
        const client = clients.get(type.resource);
        const isBroadcast = type.action === 'resync_request' && (event.clustername ?? '') === '';
        if (client === undefined) passOver(type.resource);
        else if (event.clustername !== cluster && !isBroadcast) drop('wrong-cluster', event);
        else client.receive(type, event);
      } catch (error) {
        drop('malformed', event, error);
      }
    },
    async serve(publish, { signal }) {
      await Promise.all([...clients.values()].map((client) => client.serve(publish, { signal })));
    },
  };
}
