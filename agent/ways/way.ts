import type { ControlTransport } from '../../transports/control-transport.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';

/** One way to the hub: an address, and the wire that is spoken there. All ways of an agent are meant to lead to the same hub. */
export interface Way {
  /** As it was configured: for people. */
  readonly url: string;
  readonly control: ControlTransport;
  readonly session: SessionTransport;
}
