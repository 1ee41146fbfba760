import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Publish } from './publish.ts';
import type { SyncCounters } from './sync-counters.ts';

/** Something to be sent, put together only when its turn comes, so that it says what holds then. */
export type Sending = (publish: Publish) => Promise<void>;

/**
 * What waits for the link. At most one sending waits under each key, and a later one takes the place of an earlier, so a slow
 * link holds at most one event for each resource: the newest. Without a link nothing is kept.
 */
export interface Outbox {
  put(key: string, sending: Sending): void;
  /** From now on sends, one after another, what is put. Throws, touching nothing, while the link before has not ended. */
  open(publish: Publish): void;
  /** Nothing more is sent over this link. Resolves when what was being sent has ended: then the link has. */
  close(): Promise<void>;
}

interface Link {
  readonly publish: Publish;
  closed: boolean;
  /** The sending under way; null while nothing waits. */
  pump: Promise<void> | null;
}

/** There are three for each agent of a hub, so an idle one holds no suspended function, only the link. */
class KeyedOutbox implements Outbox {
  readonly #logger: Logger;
  readonly #counters: SyncCounters;
  /** Null while nothing waits. */
  #waiting: Map<string, Sending> | null = null;
  #link: Link | null = null;

  constructor(given: { readonly logger: Logger; readonly counters: SyncCounters }) {
    this.#logger = given.logger;
    this.#counters = given.counters;
  }

  put(key: string, sending: Sending): void {
    const link = this.#link;
    if (link === null || link.closed) return;
    this.#waiting ??= new Map();
    this.#waiting.set(key, sending);
    link.pump ??= this.#pump(link);
  }

  open(publish: Publish): void {
    if (this.#link !== null) throw new Error('expected the link before to have ended: close it first');
    this.#link = { publish, closed: false, pump: null };
  }

  async close(): Promise<void> {
    const link = this.#link;
    if (link === null) return;
    link.closed = true;
    this.#waiting = null;
    await link.pump;
    if (this.#link === link) this.#link = null;
  }

  async #pump(link: Link): Promise<void> {
    // What is put in one go is sent in one go, and nobody who puts waits for a lister.
    await Promise.resolve();
    const publish = (event: CloudEvent) => this.#publish(link.publish, event);
    for (let next = this.#next(); next !== null; next = this.#next()) await this.#send(next, publish);
    link.pump = null;
  }

  #next(): Sending | null {
    const waiting = this.#waiting;
    if (waiting === null) return null;
    for (const [key, sending] of waiting) {
      waiting.delete(key);
      return sending;
    }
    this.#waiting = null;
    return null;
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
