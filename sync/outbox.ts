import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Publish } from './publish.ts';
import type { SyncCounters } from './sync-counters.ts';

/** Something to be sent, put together only when its turn comes, so that it says what holds then. */
export type Sending = (publish: Publish) => Promise<void>;

/** Is told of the link's life. */
export interface LinkObserver {
  opened(): void;
  closed(): void;
}

/**
 * What waits for the link. At most one sending waits under each key, and a later one takes the place of an earlier, so a slow
 * link holds at most one event for each resource: the newest. Without a link nothing is kept.
 */
export interface Outbox {
  put(key: string, sending: Sending): void;
  /**
   * Opens, and sends, one after another, what is put until `signal` aborts; resolves when that has ended. Never opens for a
   * signal that is aborted already. Rejects, touching nothing, while another link is served.
   */
  serve(publish: Publish, options: { readonly signal: AbortSignal; readonly observer: LinkObserver }): Promise<void>;
}

interface Link {
  readonly publish: Publish;
  readonly signal: AbortSignal;
  readonly observer: LinkObserver;
  readonly onAbort: () => void;
  readonly end: () => void;
  /** The sending under way; null while nothing waits. */
  pump: Promise<void> | null;
}

/** There are two for each agent of a hub, so an idle one holds no suspended function, only the link. */
class KeyedOutbox implements Outbox {
  readonly #logger: Logger;
  readonly #counters: SyncCounters;
  readonly #waiting = new Map<string, Sending>();
  #link: Link | null = null;

  constructor(given: { readonly logger: Logger; readonly counters: SyncCounters }) {
    this.#logger = given.logger;
    this.#counters = given.counters;
  }

  put(key: string, sending: Sending): void {
    if (this.#link === null) return;
    this.#waiting.set(key, sending);
    this.#link.pump ??= this.#pump(this.#link);
  }

  serve(
    publish: Publish,
    { signal, observer }: { readonly signal: AbortSignal; readonly observer: LinkObserver },
  ): Promise<void> {
    if (this.#link !== null) {
      return Promise.reject(new Error('expected the link before to have ended: abort its signal first'));
    }
    if (signal.aborted) return Promise.resolve();
    return new Promise((end) => {
      const onAbort = () => {
        if (link.pump === null) this.#close(link);
      };
      const link: Link = { publish, signal, observer, onAbort, end, pump: null };
      signal.addEventListener('abort', onAbort);
      this.#link = link;
      observer.opened();
    });
  }

  async #pump(link: Link): Promise<void> {
    // What is put in one go is sent in one go, and nobody who puts waits for a lister.
    await Promise.resolve();
    const publish = (event: CloudEvent) => this.#publish(link.publish, event);
    for (let [next] = this.#waiting; next !== undefined && !link.signal.aborted; [next] = this.#waiting) {
      const [key, sending] = next;
      this.#waiting.delete(key);
      await this.#send(sending, publish);
    }
    link.pump = null;
    if (link.signal.aborted) this.#close(link);
  }

  #close(link: Link): void {
    this.#link = null;
    this.#waiting.clear();
    link.signal.removeEventListener('abort', link.onAbort);
    link.observer.closed();
    link.end();
  }

  async #send(sending: Sending, publish: Publish): Promise<void> {
    try {
      await sending(publish);
    } catch (error) {
      this.#counters.add('handler-failed');
      this.#logger.warn({ err: error }, 'nothing sent: what to send is not known now');
    }
  }

  async #publish(publish: Publish, event: CloudEvent): Promise<void> {
    try {
      await publish(event);
      this.#counters.add('published');
    } catch (error) {
      this.#counters.add('publish-failed');
      this.#logger.debug({ err: error, eventType: event.type, resourceId: event.resourceid }, 'event not sent');
    }
  }
}

export function createOutbox(given: { readonly logger: Logger; readonly counters: SyncCounters }): Outbox {
  return new KeyedOutbox(given);
}
