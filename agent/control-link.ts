import type { CloudEvent } from '../protocol/cloud-event.ts';
import { type AgentHello, findProtocolGap, HubHello } from '../protocol/hello.ts';
import { parse } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Loop, LoopBoard } from '../runtime/loop-board.ts';
import type { Random } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';
import type { EventRouter } from '../sync/event-router.ts';
import type { ControlChannel, ControlTransport } from '../transports/control-transport.ts';
import type { Credential } from '../transports/credential.ts';
import type { SessionGate } from './attempts/session-gate.ts';
import { findSuccessor } from './find-successor.ts';
import {
  fromClose,
  type GreetedChannel,
  hubHelloType,
  type LinkFailure,
  openGreeted,
  toLinkFailure,
} from './greeted-channel.ts';
import type { Greeting, HubGuard } from './hub-guard.ts';
import type { LinkState } from './link-state.ts';
import { maxHintMs } from './max-hint.ts';
import { createReturnWait, type ReturnWait } from './return-wait.ts';

export interface LinkLimits {
  /** Window of the first try after a channel ended. */
  readonly firstRetryMs: number;
  /** Largest window. */
  readonly maxRetryMs: number;
  /** A hub cannot send an agent away for longer than this. */
  readonly maxHintMs: number;
  /** A channel that lived so long was healthy: the next try is a first one again. */
  readonly healthyMs: number;
  /** How long the hub may take to say hello. */
  readonly helloMs: number;
  /** How often a distrusting agent looks whether somebody trusts the hub. */
  readonly trustPollMs: number;
}

export const defaultLinkLimits: LinkLimits = {
  firstRetryMs: 250,
  maxRetryMs: 15_000,
  maxHintMs,
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

class Link implements ControlLink {
  readonly gate: SessionGate = {
    enter: (signal) => this.#enter(signal),
    heard: (place) => this.#options.guard.heard(place),
  };
  readonly #options: ControlLinkOptions;
  readonly #waiters = new Set<() => void>();
  /** Channels that another took over from, on their way to their end. */
  readonly #parting = new Set<Promise<void>>();
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
    const { clock, limits, logger } = this.#options;
    const wait = this.#createWait();
    while (!signal.aborted) {
      const since = clock.monotonic();
      const { why, hint } = await this.#live(signal);
      if (signal.aborted) break;
      if (clock.monotonic() - since >= limits.healthyMs) wait.reset();
      const waitMs = wait.next(hint);
      this.#setState({ type: 'waiting', why });
      this.#loop.failed(why);
      this.#loop.does(`waits to dial again, because: ${why}`, { nextInMs: waitMs });
      logger.info({ why, waitMs }, 'control channel ended, the next dial follows');
      await sleep(clock, waitMs, signal);
    }
    await Promise.all(this.#parting);
    this.#setState({ type: 'idle' });
    this.#loop[Symbol.dispose]();
  }

  #createWait(): ReturnWait {
    const { random, limits } = this.#options;
    return createReturnWait({
      random,
      firstMs: limits.firstRetryMs,
      maxMs: limits.maxRetryMs,
      maxHintMs: limits.maxHintMs,
    });
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

  /** From a dial to the end of its channel, or of the last one that took over from it. */
  async #live(signal: AbortSignal): Promise<LinkFailure> {
    this.#setState({ type: 'dialling' });
    this.#loop.does('dials the hub', { withinMs: maxDialMs });
    let opened = await this.#open(signal);
    while (opened.type === 'greeted') opened = await this.#serve(opened, signal);
    return opened;
  }

  #open(signal: AbortSignal): Promise<GreetedChannel | LinkFailure> {
    return openGreeted({ ...this.#options, helloMs: this.#options.limits.helloMs }, signal);
  }

  /** Serves a channel until its end, however that comes. Where another one was found meanwhile, or is being opened, that one is answered. */
  async #serve({ channel, hello, said }: GreetedChannel, signal: AbortSignal): Promise<GreetedChannel | LinkFailure> {
    const { router, logger } = this.#options;
    const serving = new AbortController();
    const hangUp = () => void channel.close({ reason: 'the agent is leaving' });
    signal.addEventListener('abort', hangUp);
    if (signal.aborted) hangUp();
    let served: Promise<void> = Promise.resolve();
    let isLooking = false;
    let finding = Promise.resolve<GreetedChannel | null>(null);
    let failure: LinkFailure | null = null;
    const greet = (event: CloudEvent, first: boolean) =>
      this.#greet(event, { first, named: said.seen, channel, signal: serving.signal });
    const look = ({ leaving }: HubHello) => {
      if (leaving === null || isLooking) return;
      isLooking = true;
      finding = this.#findSuccessor(leaving.reconnectInMs, { over: serving.signal, signal });
      void finding.then((found) => {
        if (found !== null) void channel.close({ reason: 'the agent has another channel' });
      });
    };
    try {
      look(await greet(hello, true));
      served = router.serve((out) => channel.send(out), { signal: serving.signal });
      for await (const event of channel) {
        if (event.type !== hubHelloType) router.receive(event);
        else look(await greet(event, false));
      }
    } catch (error) {
      failure = toLinkFailure(error, logger);
      await channel.close();
    } finally {
      serving.abort();
      await served;
      signal.removeEventListener('abort', hangUp);
    }
    const found = await finding;
    if (found === null) return failure ?? fromClose(await channel.closed);
    this.#part(channel);
    return found;
  }

  async #findSuccessor(
    afterMs: number,
    { over, signal }: { readonly over: AbortSignal; readonly signal: AbortSignal },
  ): Promise<GreetedChannel | null> {
    const { clock, logger } = this.#options;
    logger.info({ afterMs }, 'hub is leaving, another channel is looked for');
    this.#loop.does('is up, and looks for another channel, because the hub is leaving');
    return findSuccessor({
      open: () => this.#open(signal),
      afterMs,
      wait: this.#createWait(),
      clock,
      onFailed: ({ why }, waitMs) => logger.info({ why, waitMs }, 'no other channel yet, the hub that leaves is kept'),
      signal: over,
    });
  }

  /** Another channel has taken over from it. */
  #part(channel: ControlChannel): void {
    const parting = channel.close().finally(() => this.#parting.delete(parting));
    this.#parting.add(parting);
  }

  /** The hub's hello: its first event, and news of its counter later. */
  async #greet(
    event: CloudEvent,
    { channel, signal, ...greeting }: Greeting & { readonly channel: ControlChannel; readonly signal: AbortSignal },
  ): Promise<HubHello> {
    const hub = parse(HubHello, event.data, 'hello of the hub');
    const gap = findProtocolGap(hub, 'hub');
    if (gap !== null) throw new ProtocolError('invalid', gap);
    const verdict = await this.#options.guard.judge(hub, greeting);
    if (verdict.type === 'trusted') {
      if (greeting.first) {
        this.#loop.turned();
        this.#loop.does('is up: sends and takes events');
      }
      this.#setState({ type: 'up', hub });
      return hub;
    }
    const known = this.#state.type === 'distrusted';
    this.#options.logger.warn({ hub: hub.hub, storeId: hub.storeId, commits: hub.commits }, 'hub is not trusted');
    this.#setState({ type: 'distrusted', hub, message: verdict.message });
    this.#loop.does('is up, and waits until somebody on this machine trusts the hub');
    if (!known) void this.#awaitTrust(channel, signal);
    return hub;
  }

  async #awaitTrust(channel: ControlChannel, signal: AbortSignal): Promise<void> {
    const { clock, guard, limits, logger, onTrusted } = this.#options;
    while (!signal.aborted && this.#state.type === 'distrusted') {
      try {
        if (await guard.takeTrust()) {
          if (signal.aborted || this.#state.type !== 'distrusted') return;
          const { hub } = this.#state;
          onTrusted();
          // A hub that was told what this agent had seen holds up its jobs until it is told otherwise.
          if (hub.startId !== null) return await channel.close({ reason: 'the agent trusts the store from here on' });
          this.#loop.does('is up: sends and takes events');
          this.#setState({ type: 'up', hub });
          return;
        }
      } catch (err) {
        logger.warn({ err }, 'cannot see whether the hub is to be trusted');
      }
      await sleep(clock, limits.trustPollMs, signal);
    }
  }
}

export function createControlLink(options: ControlLinkOptions): ControlLink {
  return new Link(options);
}
