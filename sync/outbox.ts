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
  /**
   * Opens, calls `onOpen`, and sends, one after another, what is put until `signal` aborts. Never opens for a signal that is
   * aborted already. Rejects, touching nothing, while another link is served.
   */
  serve(publish: Publish, options: { readonly signal: AbortSignal; readonly onOpen: () => void }): Promise<void>;
}

/**
 * - `closed`: no link. Left by `serve`
 * - `waiting`: nothing to send. Left by `put` or by the end of the link, through `wake`
 * - `sending`: a sending is under way; what is put meanwhile is found after it
 */
type State =
  | { readonly type: 'closed' }
  | { readonly type: 'waiting'; readonly wake: () => void }
  | { readonly type: 'sending' };

class KeyedOutbox implements Outbox {
  readonly #logger: Logger;
  readonly #counters: SyncCounters;
  readonly #waiting = new Map<string, Sending>();
  #state: State = { type: 'closed' };

  constructor(given: { readonly logger: Logger; readonly counters: SyncCounters }) {
    this.#logger = given.logger;
    this.#counters = given.counters;
  }

  put(key: string, sending: Sending): void {
    if (this.#state.type === 'closed') return;
    this.#waiting.set(key, sending);
    this.#wake();
  }

  async serve(
    publish: Publish,
    { signal, onOpen }: { readonly signal: AbortSignal; readonly onOpen: () => void },
  ): Promise<void> {
    if (this.#state.type !== 'closed')
      throw new Error('expected the link before to have ended: abort its signal first');
    if (signal.aborted) return;
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    this.#state = { type: 'sending' };
    onOpen();
    await this.#drain((event) => this.#publish(publish, event), signal);
    this.#state = { type: 'closed' };
    this.#waiting.clear();
    signal.removeEventListener('abort', onAbort);
  }

  async #drain(publish: Publish, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [next] = this.#waiting;
      if (next === undefined) {
        await this.#wait();
      } else {
        const [key, sending] = next;
        this.#waiting.delete(key);
        await this.#send(sending, publish);
      }
    }
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#state = { type: 'waiting', wake: resolve };
    });
    this.#state = { type: 'sending' };
  }

  #wake(): void {
    if (this.#state.type === 'waiting') this.#state.wake();
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
