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
import type { ControlChannel } from '../transports/control-transport.ts';
import type { Credential } from '../transports/credential.ts';
import type { SessionGate, SessionPass } from './attempts/session-gate.ts';
import { fromClose, hubHelloType, type LinkEnd, type LinkFailure, toLinkFailure } from './greeted-channel.ts';
import type { Greeting, HubGuard } from './hub-guard.ts';
import type { LinkLimits } from './link-limits.ts';
import type { LinkState } from './link-state.ts';
import { createReturnWait, type ReturnWait } from './return-wait.ts';
import { toFailureWords } from './ways/failure-words.ts';
import { type GreetedWay, type OpenWaysOptions, openWays, wayAt } from './ways/open-ways.ts';
import { startSuccession } from './ways/succession.ts';
import { watchSessions } from './ways/watched-sessions.ts';
import type { Way } from './ways/way.ts';
import { WayBoard } from './ways/way-board.ts';
import type { WayStatus } from './ways/way-status.ts';

/** Transports give up on a dial, and so does this on a hello: a dial that takes longer hangs in this process. */
const maxDialMs = 10 * 60_000;

export interface ControlLinkOptions {
  /** The best one first. */
  readonly ways: readonly Way[];
  readonly credential: Credential;
  readonly agentId: string;
  readonly hello: () => AgentHello;
  readonly guard: HubGuard;
  readonly router: EventRouter;
  /** Called after each change of the state. */
  readonly onChange: (state: LinkState) => void;
  /** A store was not trusted, and this one is: what it wants was not seen yet. Called once for each time of distrust. */
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
  /** In the order of the configuration. */
  readonly ways: readonly WayStatus[];
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
  readonly #board: WayBoard;
  readonly #ways: readonly Way[];
  #state: LinkState = { type: 'idle' };
  /** What was wanted since was refused, whichever channel it came on. */
  #hasRefused = false;

  constructor(options: ControlLinkOptions) {
    this.#options = options;
    const { limits } = options;
    const { healthyMs, maxHintMs } = limits;
    this.#board = new WayBoard({ ...options, healthyMs, maxHintMs, limits: limits.ways });
    this.#ways = options.ways.map((way, index) => ({
      ...way,
      session: watchSessions(way.session, {
        answered: () => this.#board.sessionAnswered(index),
        failed: () => this.#board.sessionFailed(index),
      }),
    }));
    this.#loop = options.loops.open('control link');
  }

  get state(): LinkState {
    return this.#state;
  }

  get ways(): readonly WayStatus[] {
    return this.#board.list();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, limits, logger } = this.#options;
    const wait = this.#createWait();
    while (!signal.aborted) {
      const since = clock.monotonic();
      const { type, why, detail, hint } = await this.#live(signal);
      if (signal.aborted) break;
      if (clock.monotonic() - since >= limits.healthyMs) wait.reset();
      const waitMs = wait.next(hint);
      const words = toFailureWords({ why, detail });
      this.#setState({ type: 'waiting', why: words });
      if (type === 'failed') this.#loop.failed(words);
      this.#loop.does(`waits to dial again, because: ${words}`, { nextInMs: waitMs });
      logger.info({ why, detail, waitMs }, 'control channel ended, the next dial follows');
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

  async #enter(signal: AbortSignal): Promise<SessionPass | null> {
    while (!signal.aborted) {
      if (this.#state.type === 'up') {
        const { hub, way } = this.#state;
        return { leaseEpoch: hub.leaseEpoch, transport: wayAt(this.#ways, way).session };
      }
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
  async #live(signal: AbortSignal): Promise<LinkFailure | LinkEnd> {
    this.#setState({ type: 'dialling' });
    this.#loop.does('dials the hub', { withinMs: maxDialMs });
    let opened: GreetedWay | LinkFailure | LinkEnd = await openWays(this.#board.toDial(), this.#dialling(), signal);
    while (opened.type === 'greeted') opened = await this.#serve(opened, signal);
    return opened;
  }

  #dialling(): OpenWaysOptions {
    const { limits } = this.#options;
    return { ...this.#options, ways: this.#ways, board: this.#board, helloMs: limits.helloMs };
  }

  /** Serves a channel until its end, however that comes. Where another one was found meanwhile, or is being opened, that one is answered. */
  async #serve(
    { channel, hello, said, way }: GreetedWay,
    signal: AbortSignal,
  ): Promise<GreetedWay | LinkFailure | LinkEnd> {
    const { router, clock, limits, logger } = this.#options;
    const since = clock.monotonic();
    this.#took(way);
    const serving = new AbortController();
    const hangUp = () => void channel.close({ reason: 'the agent is leaving' });
    signal.addEventListener('abort', hangUp);
    if (signal.aborted) hangUp();
    const { holdMs } = limits.ways;
    const createWait = () => this.#createWait();
    const succession = startSuccession({ ...this.#dialling(), way, holdMs, createWait, over: serving.signal, signal });
    void succession.found.then((found) => {
      if (found !== null) void channel.close({ reason: 'the agent has another channel' });
    });
    const greet = (event: CloudEvent, first: boolean) =>
      this.#greet(event, { first, named: said.seen, channel, way, signal: serving.signal });
    let hubLeaves = false;
    const look = ({ leaving }: HubHello) => {
      if (leaving === null) return;
      hubLeaves = true;
      this.#loop.does('is up, and looks for another channel, because the hub is leaving');
      succession.hubLeaves(leaving.reconnectInMs);
    };
    let served: Promise<void> = Promise.resolve();
    let failure: LinkFailure | null = null;
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
    const found = await succession.found;
    if (found !== null) {
      this.#part(channel);
      return found;
    }
    const reason = await channel.closed;
    const isMeant = reason.type === 'local' || hubLeaves;
    const ended = failure ?? { ...fromClose(reason), type: isMeant ? ('ended' as const) : ('failed' as const) };
    this.#board.lost(way, ended, clock.monotonic() - since);
    return { ...ended, hint: this.#board.hint() };
  }

  /** The control channel is on that way now. */
  #took(way: number): void {
    this.#board.took(way);
    if (this.#ways.length === 1) return;
    const better = this.#board.list().slice(0, way);
    this.#options.logger.info({ url: wayAt(this.#ways, way).url, better }, 'the way to the hub is this one');
  }

  /** Another channel has taken over from it. */
  #part(channel: ControlChannel): void {
    const parting = channel.close().finally(() => this.#parting.delete(parting));
    this.#parting.add(parting);
  }

  /** The hub's hello: its first event, and news of its counter later. */
  async #greet(
    event: CloudEvent,
    {
      channel,
      way,
      signal,
      ...greeting
    }: Greeting & Pick<GreetedWay, 'channel' | 'way'> & { readonly signal: AbortSignal },
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
      this.#setState({ type: 'up', hub, way });
      this.#lookAgain();
      return hub;
    }
    const known = this.#state.type === 'distrusted';
    this.#options.logger.warn({ hub: hub.hub, storeId: hub.storeId, commits: hub.commits }, 'hub is not trusted');
    this.#hasRefused = true;
    this.#setState({ type: 'distrusted', hub, way, message: verdict.message });
    this.#loop.does('is up, and waits until somebody on this machine trusts the hub');
    if (greeting.first || !known) void this.#awaitTrust(channel, signal);
    return hub;
  }

  /** The hub that was known before may be back, as well as somebody may have said that this one is to be trusted. */
  #lookAgain(): void {
    if (this.#hasRefused) this.#options.onTrusted();
    this.#hasRefused = false;
  }

  async #awaitTrust(channel: ControlChannel, signal: AbortSignal): Promise<void> {
    const { clock, guard, limits, logger } = this.#options;
    while (!signal.aborted && this.#state.type === 'distrusted') {
      try {
        if (await guard.takeTrust()) {
          if (signal.aborted || this.#state.type !== 'distrusted') return;
          const { hub, way } = this.#state;
          // A hub that was told what this agent had seen holds up its jobs until it is told otherwise.
          if (hub.startId !== null) return await channel.close({ reason: 'the agent trusts the store from here on' });
          this.#loop.does('is up: sends and takes events');
          this.#setState({ type: 'up', hub, way });
          this.#lookAgain();
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
