import type { UnknownFrame } from '../protocol/parse-frame.ts';
import type { AgentFrame, HubFrame } from '../protocol/session-frame.ts';
import type { Channel } from './channel.ts';
import type { Credential } from './credential.ts';

/** The agent's end of a session. */
export type AgentSessionChannel = Channel<HubFrame | UnknownFrame, AgentFrame>;

/** The hub's end of a session. */
export type HubSessionChannel = Channel<AgentFrame | UnknownFrame, HubFrame>;

export interface SessionTransport {
  readonly name: string;
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  openSession(
    target: { readonly attempt: string; readonly credential: Credential },
    options: { readonly signal: AbortSignal },
  ): Promise<AgentSessionChannel>;
}
