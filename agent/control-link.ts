import type { CloudEvent } from '../protocol/cloud-event.ts';
import { formatEventType, resourceTypes } from '../protocol/event-type.ts';
import { type AgentHello, findProtocolGap, HubHello } from '../protocol/hello.ts';
import { parse } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Loop, LoopBoard } from '../runtime/loop-board.ts';
import type { Random } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';
import type { EventRouter } from '../sync/event-router.ts';
import { createEventWriter } from '../sync/event-writer.ts';
import type { CloseReason } from '../transports/channel.ts';
import type { ControlChannel, ControlTransport } from '../transports/control-transport.ts';
import type { Credential } from '../transports/credential.ts';
import { TransportError } from '../transports/transport-error.ts';
import type { SessionGate } from './attempts/session-gate.ts';
import { createBackoff } from './backoff.ts';
import type { HubGuard } from './hub-guard.ts';
import type { LinkState } from './link-state.ts';

export interface LinkLimits {
  /** Window of the first try after a channel ended. */
  readonly firstRetryMs: number;
  /** Largest window. */
  readonly maxRetryMs: number;
  /** A channel that lived so long was healthy: the next try is a first one again. */
  readonly healthyMs: number;
  /** How long the hub may take to say hello. */
  readonly helloMs: number;
  /** How often a distrusting agent looks whether somebody trusts the hub. */
  readonly trustPollMs: number;
}

export const defaultLinkLimits: LinkLimits = {
  firstRetryMs: 250,
  maxRetryMs: 30_000,
  healthyMs: 60_000,
  helloMs: 15_000,
  trustPollMs: 1_000,
};

/** Transports give up on a dial, and so does this on a hello: a dial that takes longer hangs in this process. */
const maxDialMs = 10 * 60_000;

export interface ControlLinkOptions {
  readonly transport: ControlTransport;
  readonly credential: Credential;
  readonly agentId: string;
  readonly hello: () => AgentHello;
  readonly guard: HubGuard;
  readonly router: EventRouter;
  /** Called after each change of the state. */
  readonly onChange: (state: LinkState) => void;
  /** The store was another one, and is trusted now: what it wants was not seen yet. */
  readonly onTrusted: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: LinkLimits;
  readonly loops: LoopBoard;
}

/** The control channel to the hub, made anew for ever. The only place that reconnects; it never touches a running job. */
export interface ControlLink {
  readonly state: LinkState;
  readonly gate: SessionGate;
  /** Runs until `signal` aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

interface Failure {
  readonly why: string;
  readonly retryAfterMs: number;
}

const helloType = formatEventType({ resource: resourceTypes.hubs, part: 'status', action: 'update_request' });

class Link implements ControlLink {
  readonly gate: SessionGate = { enter: (signal) => this.#enter(signal) };
  readonly #options: ControlLinkOptions;
  readonly #waiters = new Set<() => void>();
  readonly #loop: Loop;
  #state: LinkState = { type: 'idle' };

  constructor(options: ControlLinkOptions) {
    this.#options = options;
    this.#loop = options.loops.open('control link');
  }

  get state(): LinkState {
    return this.#state;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, limits, logger } = this.#options;
    const backoff = createBackoff({ random, firstMs: limits.firstRetryMs, maxMs: limits.maxRetryMs });
    while (!signal.aborted) {
      const since = clock.monotonic();
      const { why, retryAfterMs } = await this.#live(signal);
      if (signal.aborted) break;
      if (clock.monotonic() - since >= limits.healthyMs) backoff.reset();
      const waitMs = retryAfterMs + backoff.next();
      this.#setState({ type: 'waiting', why });
      this.#loop.failed(why);
      this.#loop.does(`waits to dial again, because: ${why}`, { nextInMs: waitMs });
      logger.info({ why, waitMs }, 'control channel ended, the next dial follows');
      await sleep(clock, waitMs, signal);
    }
    this.#setState({ type: 'idle' });
    this.#loop[Symbol.dispose]();
  }

  #setState(state: LinkState): void {
    if (state.type !== this.#state.type)
      this.#options.logger.info({ from: this.#state.type, to: state.type }, 'link state changed');
    this.#state = state;
    this.#options.onChange(state);
    if (state.type === 'up') for (const waiter of this.#waiters) waiter();
  }

  async #enter(signal: AbortSignal): Promise<number | null> {
    while (!signal.aborted) {
      if (this.#state.type === 'up') return this.#state.hub.leaseEpoch;
      await this.#nextUp(signal);
    }
    return null;
  }

  #nextUp(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        this.#waiters.delete(finish);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      this.#waiters.add(finish);
      signal.addEventListener('abort', finish);
    });
  }

  /** One channel, from the dial to its end. */
  async #live(signal: AbortSignal): Promise<Failure> {
    this.#setState({ type: 'dialling' });
    this.#loop.does('dials the hub', { withinMs: maxDialMs });
    try {
      const { transport, credential } = this.#options;
      const channel = await transport.connect(credential, { signal });
      const hangUp = () => void channel.close({ reason: 'the agent is leaving' });
      signal.addEventListener('abort', hangUp);
      if (signal.aborted) hangUp();
      try {
        return await this.#serve(channel);
      } finally {
        await channel.close();
        signal.removeEventListener('abort', hangUp);
      }
    } catch (error) {
      return this.#toFailure(error);
    }
  }

  async #serve(channel: ControlChannel): Promise<Failure> {
    const { agentId, clock, random, router } = this.#options;
    const writer = createEventWriter({ source: agentId, cluster: agentId, clock, random });
    const type = { resource: resourceTypes.agents, part: 'status', action: 'update_request' } as const;
    await channel.send(writer.write(type, { resourceid: agentId }, this.#options.hello()));
    const silence = clock.schedule(this.#options.limits.helloMs, () => void channel.close());
    const serving = new AbortController();
    let served: Promise<void> | null = null;
    try {
      for await (const event of channel) {
        if (event.type === helloType) {
          silence.cancel();
          await this.#greet(event, { first: served === null, signal: serving.signal });
          served ??= router.serve((out) => channel.send(out), { signal: serving.signal });
        } else if (served !== null) router.receive(event);
      }
      return fromClose(await channel.closed);
    } finally {
      silence.cancel();
      serving.abort();
      await served;
    }
  }

  /** The hub's hello: its first event, and news of its counter later. */
  async #greet(
    event: CloudEvent,
    { first, signal }: { readonly first: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const hub = parse(HubHello, event.data, 'hello of the hub');
    const gap = findProtocolGap(hub, 'hub');
    if (gap !== null) throw new ProtocolError('invalid', gap);
    const verdict = await this.#options.guard.judge(hub, { first });
    if (verdict.type === 'trusted') {
      if (first) {
        this.#loop.turned();
        this.#loop.does('is up: sends and takes events');
      }
      this.#setState({ type: 'up', hub });
      return;
    }
    const known = this.#state.type === 'distrusted';
    this.#options.logger.warn({ hub: hub.hub, storeId: hub.storeId, commits: hub.commits }, 'hub is not trusted');
    this.#setState({ type: 'distrusted', hub, message: verdict.message });
    this.#loop.does('is up, and waits until somebody on this machine trusts the hub');
    if (!known) void this.#awaitTrust(signal);
  }

  async #awaitTrust(signal: AbortSignal): Promise<void> {
    const { clock, guard, limits, logger, onTrusted } = this.#options;
    while (!signal.aborted && this.#state.type === 'distrusted') {
      try {
        if (await guard.takeTrust()) {
          if (signal.aborted || this.#state.type !== 'distrusted') return;
          this.#loop.does('is up: sends and takes events');
          this.#setState({ type: 'up', hub: this.#state.hub });
          onTrusted();
          return;
        }
      } catch (err) {
        logger.warn({ err }, 'cannot see whether the hub is to be trusted');
      }
      await sleep(clock, limits.trustPollMs, signal);
    }
  }

  #toFailure(error: unknown): Failure {
    if (error instanceof TransportError) return { why: error.code, retryAfterMs: error.retryAfterMs ?? 0 };
    if (error instanceof ProtocolError) return { why: error.message, retryAfterMs: 0 };
    this.#options.logger.error({ err: error }, 'control channel failed');
    return { why: 'failed', retryAfterMs: 0 };
  }
}

function fromClose(reason: CloseReason): Failure {
  switch (reason.type) {
    case 'local':
      return { why: 'closed here', retryAfterMs: 0 };
    case 'remote':
      return { why: reason.reason, retryAfterMs: reason.retryAfterMs ?? 0 };
    case 'failure':
      return { why: reason.error.code, retryAfterMs: reason.error.retryAfterMs ?? 0 };
  }
}

export function createControlLink(options: ControlLinkOptions): ControlLink {
  return new Link(options);
}
