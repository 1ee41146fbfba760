import type { CloudEvent } from '../protocol/cloud-event.ts';
import { formatEventType, resourceTypes } from '../protocol/event-type.ts';
import type { AgentHello } from '../protocol/hello.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { createEventWriter } from '../sync/event-writer.ts';
import type { CloseReason } from '../transports/channel.ts';
import type { ControlChannel, ControlTransport } from '../transports/control-transport.ts';
import type { Credential } from '../transports/credential.ts';
import { TransportError } from '../transports/transport-error.ts';
import type { Hint } from './return-wait.ts';

/** Why there is no channel, or no more. */
export interface LinkFailure {
  readonly type: 'failed';
  readonly why: string;
  /** The words of the error, where there was one. */
  readonly detail: string | null;
  readonly hint: Hint;
}

/** A channel ended as it was meant to: this agent closed it, or its hub had said that it leaves. Nothing is wrong with its way. */
export interface LinkEnd {
  readonly type: 'ended';
  readonly why: string;
  readonly detail: string | null;
  readonly hint: Hint;
}

/** A control channel on which both sides have said hello: the hub has taken the lease for it. */
export interface GreetedChannel {
  readonly type: 'greeted';
  readonly channel: ControlChannel;
  readonly hello: CloudEvent;
  /** What this agent said before. */
  readonly said: AgentHello;
}

export interface GreetingOptions {
  readonly transport: ControlTransport;
  readonly credential: Credential;
  readonly agentId: string;
  readonly hello: () => AgentHello;
  /** How long the hub may take to say hello. */
  readonly helloMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export const hubHelloType = formatEventType({ resource: resourceTypes.hubs, part: 'status', action: 'update_request' });

/** Dials, says hello and waits for the hub's. Never rejects. The channel is the caller's to close, also when `signal` aborts later. */
export async function openGreeted(
  options: GreetingOptions,
  signal: AbortSignal,
): Promise<GreetedChannel | LinkFailure> {
  const { transport, credential, agentId, helloMs, clock, random } = options;
  try {
    const channel = await transport.connect(credential, { signal });
    const hangUp = () => void channel.close({ reason: 'the agent is leaving' });
    const silence = clock.schedule(helloMs, () => void channel.close());
    signal.addEventListener('abort', hangUp);
    if (signal.aborted) hangUp();
    const hello = options.hello();
    const writer = createEventWriter({ source: agentId, cluster: agentId, clock, random });
    const type = { resource: resourceTypes.agents, part: 'status', action: 'update_request' } as const;
    const said = channel.send(writer.write(type, { resourceid: agentId }, hello)).catch(() => {});
    try {
      for await (const event of channel) {
        if (event.type === hubHelloType) return { type: 'greeted', channel, hello: event, said: hello };
      }
      return fromClose(await channel.closed);
    } finally {
      await said;
      silence.cancel();
      signal.removeEventListener('abort', hangUp);
    }
  } catch (error) {
    return toLinkFailure(error, options.logger);
  }
}

/** What ended a channel, or kept it from being opened. What nobody foresaw is logged. */
export function toLinkFailure(error: unknown, logger: Logger): LinkFailure {
  if (error instanceof TransportError) return fromError(error);
  if (error instanceof ProtocolError) return { type: 'failed', why: error.message, detail: null, hint: null };
  logger.error({ err: error }, 'control channel failed');
  return { type: 'failed', why: 'failed', detail: null, hint: null };
}

export function fromClose(reason: CloseReason): LinkFailure {
  switch (reason.type) {
    case 'local':
      return { type: 'failed', why: 'closed here', detail: null, hint: null };
    case 'remote':
      return { type: 'failed', why: reason.reason, detail: null, hint: reason.retryAfterMs };
    case 'failure':
      return fromError(reason.error);
  }
}

function fromError({ code, message, retryAfterMs }: TransportError): LinkFailure {
  return { type: 'failed', why: code, detail: message, hint: retryAfterMs };
}
