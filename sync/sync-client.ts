import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { EventType, ResourceType } from '../protocol/event-type.ts';
import type { Publish } from './publish.ts';

/**
 * One side of one resource type, towards one peer. It outlives links: what it holds stays while there is none, and what was
 * published meanwhile is found by the comparison that every link begins with. `openLink` begins one.
 *
 * Dispose after the link has ended: it waits for the handlers at work.
 */
export interface SyncClient extends AsyncDisposable {
  readonly resource: ResourceType;
  /** Takes an event of this resource type. Never throws and never waits: what is wrong with it is logged and counted. */
  receive(type: EventType, event: CloudEvent): void;
  /**
   * There is a link: says what this side holds, and from now on publishes what changes and answers. One link at a time: throws,
   * touching nothing, while the one before has not ended.
   */
  open(publish: Publish): void;
  /** Compares what both sides hold: to be called once a period. */
  compare(): void;
  /** Publishes nothing more. Resolves when the link has ended. Never rejects. */
  close(): Promise<void>;
}
