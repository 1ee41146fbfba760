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

class CountingReport implements SyncReport {
  readonly #resource: ResourceType;
  readonly #logger: Logger;
  readonly #counters: SyncCounters;

  constructor({ resource, logger, counters }: SyncReportOptions) {
    this.#resource = resource;
    this.#logger = logger;
    this.#counters = counters;
  }

  count(count: SyncCount): void {
    this.#counters.add(count);
  }

  drop(count: 'malformed' | 'wrong-direction' | 'overflow', event: CloudEvent, error: unknown): void {
    this.#counters.add(count);
    this.#logger.warn({ err: error, count, eventType: event.type, resourceId: event.resourceid }, 'event dropped');
  }

  fail(error: unknown, id: string | null, message: string): void {
    this.#counters.add('handler-failed');
    this.#logger.warn({ err: error, resource: this.#resource, resourceId: id }, message);
  }
}

export interface SyncReportOptions {
  readonly resource: ResourceType;
  readonly logger: Logger;
  readonly counters: SyncCounters;
}

export function createSyncReport(options: SyncReportOptions): SyncReport {
  return new CountingReport(options);
}
