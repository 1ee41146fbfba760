import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { ResourceType } from '../protocol/event-type.ts';
import type { Logger } from '../runtime/logger.ts';
import type { SyncCount, SyncCounters } from './sync-counters.ts';

/** Where the parts of a client count and say what they could not use. */
export interface SyncReport {
  count(count: SyncCount): void;
  drop(count: 'malformed' | 'wrong-direction' | 'overflow', event: CloudEvent, error: unknown): void;
  /** A lister, sink or handler rejected. `id` is null where it was about no resource in particular. */
  fail(error: unknown, id: string | null, message: string): void;
}

export function createSyncReport(given: {
  readonly resource: ResourceType;
  readonly logger: Logger;
  readonly counters: SyncCounters;
}): SyncReport {
  const { resource, logger, counters } = given;
  return {
    count: (count) => counters.add(count),
    drop(count, event, error) {
      counters.add(count);
      logger.warn({ err: error, count, eventType: event.type, resourceId: event.resourceid }, 'event dropped');
    },
    fail(error, id, message) {
      counters.add('handler-failed');
      logger.warn({ err: error, resource, resourceId: id }, message);
    },
  };
}
