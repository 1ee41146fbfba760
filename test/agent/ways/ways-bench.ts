import { type ControlLink, createControlLink } from '../../../agent/control-link.ts';
import type { HubGuard, HubVerdict } from '../../../agent/hub-guard.ts';
import { defaultLinkLimits } from '../../../agent/link-limits.ts';
import type { Way } from '../../../agent/ways/way.ts';
import type { HubHello } from '../../../protocol/hello.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock, type VirtualClock } from '../../../runtime/virtual-clock.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { createMemoryListener } from '../../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../../transports/memory/memory-transport.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../../transports/memory/network.ts';
import { TransportError } from '../../../transports/transport-error.ts';
import { FakeHub } from '../../support/fake-hub.ts';

const agentId = '0190d2a6-1111-7000-8000-000000000001';

/** What a way does with dials; what is open on it goes on unless it is cut. */
export type WayMood = 'up' | 'down' | 'no sessions' | 'cuts sessions' | 'cuts control';

/** Some attempt. */
export const attempt = '0190d2a6-2222-7000-8000-000000000002';

export interface WaysBench extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly link: ControlLink;
  /** Each way's own, or one for all. */
  readonly hubs: readonly FakeHub[];
  /** Dials in their order: `a control`, `b session`. */
  readonly dials: string[];
  /** Of each control channel that took over or came up: the way and the time. */
  readonly taken: string[];
  /** How often the link's loop says that it failed. */
  readonly failures: number;
  set(url: string, mood: WayMood): void;
  /** Breaks what is open on a way. */
  cut(url: string): void;
  /** Goes on for so long; the first time it begins. */
  pass(ms: number): Promise<void>;
}

/** A control link with several ways, on a clock that stands still, with no agent around it. */
export async function createWaysBench(
  urls: readonly string[],
  given: {
    readonly hubs?: 'one' | 'each';
    readonly judge?: (hello: HubHello) => HubVerdict;
    /** Whether somebody on this machine said that the hub is to be trusted. */
    readonly takeTrust?: () => boolean;
  } = {},
): Promise<WaysBench> {
  const clock = createVirtualClock();
  // Windows are of exactly their length.
  const random = { ...systemRandom, fraction: () => 0.5 };
  const network = createMemoryNetwork({ clock, random });
  const common = { network, clock, limits: defaultLimits, logger: silentLogger };
  const moods = new Map<string, WayMood>(urls.map((url) => [url, 'up']));
  const dials: string[] = [];
  const taken: string[] = [];
  const shared = new FakeHub(agentId);
  const hubs = urls.map(() => (given.hubs === 'each' ? new FakeHub(agentId) : shared));
  const listeners = urls.map((address, index) => {
    const listener = createMemoryListener<string>({
      ...common,
      address,
      authenticate: async () => ({ type: 'admitted', principal: agentId }),
    });
    hubs[index]?.serve(listener);
    return listener;
  });
  network.watch((connection) => {
    const mood = moods.get(connection.address);
    const isControl = connection.target === '/v1/control';
    if (mood === 'cuts sessions' && !isControl) clock.schedule(1_000, () => connection.cut());
    if (mood === 'cuts control' && isControl) clock.schedule(2_000, () => connection.cut());
  });

  function toWay(url: string): Way {
    const { control, session } = createMemoryTransport({ ...common, address: url });
    const dial = (kind: 'control' | 'session') => {
      dials.push(`${url} ${kind}`);
      const mood = moods.get(url);
      if (mood === 'down' || (mood === 'no sessions' && kind === 'session'))
        throw new TransportError('unreachable', `nobody listens at ${url}`);
    };
    return {
      url,
      control: {
        ...control,
        connect: async (credential, options) => {
          dial('control');
          return control.connect(credential, options);
        },
      },
      session: {
        ...session,
        openSession: async (target, options) => {
          dial('session');
          return session.openSession(target, options);
        },
      },
    };
  }

  const judge = given.judge ?? (() => ({ type: 'trusted' }) as const);
  const guard: HubGuard = {
    judge: async (hello) => judge(hello),
    heard: () => {},
    seen: null,
    takeTrust: async () => given.takeTrust?.() ?? false,
  };
  const loops = createLoopBoard(clock);
  let used: string | null = null;
  const link = createControlLink({
    ways: urls.map(toWay),
    credential: { present: async () => 'agent' },
    agentId,
    hello: () => ({ version: '0.0.0', bootId: 'b', protocols: [1], attempts: 0, seen: null }),
    guard,
    router: { receive: () => {}, serve: async () => {} },
    onChange: () => {
      const now = link.ways.find(({ state }) => state === 'used')?.url ?? null;
      if (now !== null && now !== used) taken.push(`${now} at ${clock.monotonic() / 1000} s`);
      used = now;
    },
    onTrusted: () => {},
    clock,
    random,
    logger: silentLogger,
    limits: defaultLinkLimits,
    loops,
  });
  const leaving = new AbortController();
  let running: Promise<void> | null = null;

  const cut = (url: string) => {
    for (const connection of network.connections) if (connection.address === url) connection.cut();
  };
  return {
    clock,
    network,
    link,
    hubs,
    dials,
    taken,
    get failures() {
      return loops.list().find(({ name }) => name === 'control link')?.failures ?? 0;
    },
    set: (url, mood) => void moods.set(url, mood),
    cut,
    pass(ms) {
      running ??= link.run(leaving.signal);
      return clock.advance(ms);
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      for (let pending = true; pending; ) {
        pending = await clock.advanceToNext();
        if (link.state.type === 'idle') break;
      }
      await running;
      for (const connection of network.connections) connection.cut();
      for (const listener of listeners) await listener[Symbol.asyncDispose]();
      for (const hub of new Set(hubs)) await hub[Symbol.asyncDispose]();
    },
  };
}
