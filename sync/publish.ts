import type { CloudEvent } from '../protocol/cloud-event.ts';

/**
 * Puts one event on the link; resolves when the wire took it, which is the back-pressure. It must settle once the link is
 * closed. A rejection means that this one event is lost, and no event is precious.
 */
export type Publish = (event: CloudEvent) => Promise<void>;
