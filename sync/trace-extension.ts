import type { CloudEvent } from '../protocol/cloud-event.ts';

/** The extension by which an event says which trace it is part of; none where it is part of none. */
export function toTraceExtension(traceparent: string | null): Pick<CloudEvent, 'traceparent'> {
  return traceparent === null ? {} : { traceparent };
}
