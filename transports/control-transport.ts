import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Channel } from './channel.ts';
import type { Credential } from './credential.ts';

export type ControlChannel = Channel<CloudEvent, CloudEvent>;

/** How this wire differs from others, as data. */
export interface ControlCapabilities {
  /** The wire carries sessions too; otherwise sessions need another one. */
  readonly sessions: boolean;
  /** Bytes of the largest event. */
  readonly maxEventBytes: number;
}

/** Dials control channels. Dials once: whoever wants another try asks again. */
export interface ControlTransport {
  readonly name: string;
  readonly capabilities: ControlCapabilities;
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  connect(credential: Credential, options: { readonly signal: AbortSignal }): Promise<ControlChannel>;
}
