import type { CloudEvent } from '../protocol/cloud-event.ts';
import { parseEventType } from '../protocol/event-type.ts';
import type { Logger } from '../runtime/logger.ts';
import { type OpenLink, type OpenLinkOptions, openLink } from './open-link.ts';
import type { Publish } from './publish.ts';
import { serveLink } from './serve-link.ts';
import type { SyncCounters } from './sync-counters.ts';

/** All clients of one control channel: hands them what comes in, by resource type, and serves the link to all of them. */
export interface EventRouter {
  /** Never throws and never waits. What is for nobody here is logged and counted. */
  receive(event: CloudEvent): void;
  /** As `serveLink`, for every client. */
  serve(publish: Publish, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Unknown resources that are named in the log. */
const maxForeign = 20;

/** The router of the clients that it was made of. */
export interface ResourceRouter extends EventRouter {
  /** As `openLink`, for every client. */
  open(publish: Publish): OpenLink;
}

export interface EventRouterOptions extends OpenLinkOptions {
  /** The agent's id, on both sides. Events of another are dropped; only a resync request may name none, which means all. */
  readonly cluster: string;
  readonly logger: Logger;
  readonly counters: SyncCounters;
}

class ClientRouter implements ResourceRouter {
  readonly #given: EventRouterOptions;
  /** Null until there is one. */
  #foreign: Set<string> | null = null;

  constructor(given: EventRouterOptions) {
    this.#given = given;
  }

  receive(event: CloudEvent): void {
    const { cluster, clients } = this.#given;
    try {
      const type = parseEventType(event.type);
      const client = clients.find(({ resource }) => resource === type.resource);
      const isBroadcast = type.action === 'resync_request' && (event.clustername ?? '') === '';
      if (client === undefined) this.#passOver(type.resource);
      else if (event.clustername !== cluster && !isBroadcast) this.#drop('wrong-cluster', event);
      else client.receive(type, event);
    } catch (error) {
      this.#drop('malformed', event, error);
    }
  }

  serve(publish: Publish, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return serveLink(publish, { ...this.#given, signal });
  }

  open(publish: Publish): OpenLink {
    return openLink(publish, this.#given);
  }

  #drop(count: 'malformed' | 'wrong-cluster', event: CloudEvent, error?: unknown): void {
    const { counters, logger } = this.#given;
    counters.add(count);
    logger.warn({ err: error, count, eventType: event.type, cluster: event.clustername }, 'event dropped');
  }

  /** A later version of the other side may have more resources, and tells of them all the time: each is worth one line. */
  #passOver(resource: string): void {
    const { counters, logger } = this.#given;
    counters.add('unknown-resource');
    this.#foreign ??= new Set();
    if (this.#foreign.has(resource) || this.#foreign.size >= maxForeign) return;
    this.#foreign.add(resource);
    logger.info({ resource }, 'events of a resource that this version does not know are passed over');
  }
}

/** The clients stay the caller's: it disposes of them. Keeps `given`. */
export function createEventRouter(given: EventRouterOptions): ResourceRouter {
  return new ClientRouter(given);
}
