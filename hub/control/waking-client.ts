import type { CloudEvent } from '../../protocol/cloud-event.ts';
import type { EventType, ResourceType } from '../../protocol/event-type.ts';
import type { Publish } from '../../sync/publish.ts';
import type { SyncClient } from '../../sync/sync-client.ts';

/**
 * A client that is made when there is something for it to do: most agents watch no cluster, and a client for each list of each of them is memory, and
 * a comparison every minute.
 */
export class WakingClient implements SyncClient {
  readonly resource: ResourceType;
  readonly #make: () => SyncClient;
  #client: SyncClient | null = null;
  #publish: Publish | null = null;

  constructor(resource: ResourceType, make: () => SyncClient) {
    this.resource = resource;
    this.#make = make;
  }

  /** From now on it does what a client does, and begins with a comparison if there is a link. True: it did already. */
  wake(): boolean {
    if (this.#client !== null) return true;
    this.#client = this.#make();
    if (this.#publish !== null) this.#client.open(this.#publish);
    return false;
  }

  /** Whoever asks for specs of a resource that has none wakes nobody. */
  receive(type: EventType, event: CloudEvent): void {
    if (this.#client === null && type.part === 'spec') return;
    this.wake();
    this.#client?.receive(type, event);
  }

  open(publish: Publish): void {
    this.#publish = publish;
    this.#client?.open(publish);
  }

  compare(): void {
    this.#client?.compare();
  }

  async close(): Promise<void> {
    this.#publish = null;
    await this.#client?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
  }
}
