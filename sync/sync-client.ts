import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { EventType, ResourceType } from '../protocol/event-type.ts';
import type { Publish } from './publish.ts';

/**
 * One side of one resource type, towards one peer. It outlives links: what it holds stays while there is none, and what was
 * published meanwhile is found by the comparison that every link begins with.
 *
 * Dispose after `serve` has ended: it waits for the handlers at work.
 */
export interface SyncClient extends AsyncDisposable {
  readonly resource: ResourceType;
  /** Takes an event of this resource type. Never throws and never waits: what is wrong with it is logged and counted. */
  receive(type: EventType, event: CloudEvent): void;
  /**
   * The life of one link: says what this side holds, publishes what changes, answers, and compares once a period. Resolves
   * after `signal` aborted. One link at a time: throws while another is served.
   */
  serve(publish: Publish, options: { readonly signal: AbortSignal }): Promise<void>;
}
