import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { admitArrivals } from '../../hub/control/admit-arrivals.ts';
import { Arrivals, type ArrivalsLimits, defaultArrivalsLimits } from '../../hub/control/arrivals.ts';
import { ControlService } from '../../hub/control/control-service.ts';
import { type DrainOptions, drainHub } from '../../hub/drain-hub.ts';
import { Fleet } from '../../hub/fleet/fleet.ts';
import { ParameterSchemas } from '../../hub/fleet/parameter-schemas.ts';
import type { AgentPrincipal } from '../../hub/identity/agent-principal.ts';
import { createFileLogStore } from '../../hub/logs/file-log-store.ts';
import { OfferCounts } from '../../hub/metrics/offer-counts.ts';
import { OfferHold } from '../../hub/scheduler/offer-hold.ts';
import { Scheduler } from '../../hub/scheduler/scheduler.ts';
import { createProgressBoard } from '../../hub/sessions/progress-board.ts';
import { SessionService } from '../../hub/sessions/session-service.ts';
import { openSqliteStore } from '../../hub/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../hub/store/store.ts';
import { followStore } from '../../hub/store-follower.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { systemRandom } from '../../runtime/random.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketListener } from '../../transports/websocket/listener.ts';
import { noTickets } from './no-tickets.ts';
import { sampleNewJob } from './sample-new-job.ts';

/** What serves agents in one hub process, on a port of its own. */
export interface Replica extends AsyncDisposable {
  readonly port: number;
  readonly fleet: Fleet;
  readonly control: ControlService;
  readonly sessions: SessionService;
  readonly arrivals: Arrivals;
  /** The most agents that were on their way in at a time. */
  readonly mostArriving: number;
  drain(options: DrainOptions): Promise<void>;
}

/** One store and its logs, and hubs that come and go on them, several at a time, as they will on a store that takes more than one process. */
export interface ReplicaPlace extends AsyncDisposable {
  readonly store: Store;
  /** A hub; whoever presents `agent=<id>` is that agent, which it takes `judgeMs` to see. */
  start(options?: { readonly limits?: Partial<ArrivalsLimits>; readonly judgeMs?: number }): Promise<Replica>;
  /** Enrols agents of these ids. */
  enrol(...ids: readonly string[]): Promise<void>;
  /** Stores a job; answers its id. */
  submit(automation: string, run: string): Promise<string>;
}

const common = { clock: systemClock, logger: silentLogger, random: systemRandom };

export async function createReplicaPlace(): Promise<ReplicaPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-replicas-'));
  const store = await openSqliteStore({ folder, ...common });
  const logs = createFileLogStore({ folder: join(folder, 'logs') });
  const replicas = new Set<Replica>();
  await store.apply('create-join-token', {
    token: {
      id: systemRandom.orderedUuid(),
      account: 'default',
      usesLeft: null,
      expiresAt: null,
      allowedLabels: [],
      labels: {},
      ephemeral: false,
    },
    hash: 'h',
    actor: 'test',
    at: systemClock.now(),
  });

  async function start({ limits = {}, judgeMs = 0 }: Parameters<ReplicaPlace['start']>[0] = {}): Promise<Replica> {
    await using opened = new AsyncDisposableStack();
    const loops = createLoopBoard(systemClock);
    const fleet = new Fleet(systemClock);
    const progress = createProgressBoard();
    const arrivals = new Arrivals({ ...common, limits: { ...defaultArrivalsLimits, ...limits } });
    const offers = new OfferCounts(systemClock);
    const hold = opened.use(new OfferHold({ ...common, store, fleet }));
    const scheduler = opened.use(
      new Scheduler({ ...common, store, fleet, schemas: new ParameterSchemas(), hold, offers, loops }),
    );
    const server = createServer();
    opened.defer(async () => {
      server.close();
      await once(server, 'close');
    });
    const control = opened.use(
      new ControlService({
        ...common,
        store,
        fleet,
        counters: createSyncCounters(),
        sync: defaultSyncOptions,
        owner: systemRandom.uuid(),
        version: '0.0.0',
        onGreeted: (agent, said) => hold.greeted(agent, said),
        onDeclined: ({ agentId, automation }) => scheduler.declined(agentId, automation),
        onResynced: () => {},
        onGone: () => {},
        loops,
        arrivals,
      }),
    );
    const sessions = opened.use(
      new SessionService({
        ...common,
        store,
        logs,
        openSecrets: () => ({}),
        isRetrySafe: (attempt) => fleet.isRetrySafe(attempt),
        isGone: () => false,
        whyHeld: () => null,
        heard: (agentId) => fleet.heard(agentId),
        progress,
        tickets: noTickets,
        counts: { ended: () => {} },
        loops,
      }),
    );
    const metrics = { loaded: () => {}, changed: () => {} };
    opened.use(
      await followStore({ store, fleet, scheduler, hold, control, sessions, progress, metrics, logger: silentLogger }),
    );
    await hold.begin();
    let mostArriving = 0;
    const authenticate = admitArrivals(async ({ presented }) => {
      mostArriving = Math.max(mostArriving, arrivals.arriving);
      if (judgeMs > 0) await delay(judgeMs);
      const id = presented?.replace('agent=', '') ?? '';
      const principal: AgentPrincipal = { id, account: 'default', name: id };
      return { type: 'admitted', principal };
    }, arrivals);
    const listener = createWebsocketListener({ ...common, authenticate, limits: defaultLimits });
    listener.attach(server);
    const accepting = (async () => {
      for await (const accepted of listener) {
        if (accepted.type === 'session') sessions.serve(accepted);
        else control.accept(accepted);
      }
    })();
    opened.defer(async () => {
      await listener[Symbol.asyncDispose]();
      await accepting;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const parts = opened.move();
    const replica: Replica = {
      port: (server.address() as AddressInfo).port,
      fleet,
      control,
      sessions,
      arrivals,
      get mostArriving() {
        return mostArriving;
      },
      drain: (options) => drainHub({ ...common, control, sessions, arrivals }, options),
      async [Symbol.asyncDispose]() {
        replicas.delete(replica);
        await parts.disposeAsync();
      },
    };
    replicas.add(replica);
    return replica;
  }

  return {
    store,
    start,
    async enrol(...ids) {
      const at = systemClock.now();
      const agent = { joinTokenHash: 'h', publicKey: 'AAAA', claimedLabels: {}, at };
      await Promise.all(
        ids.map((agentId) => store.apply('enrol-agent', { ...agent, agentId, name: agentId, publicKey: agentId })),
      );
    },
    async submit(automation, run) {
      const job = sampleNewJob({ id: systemRandom.orderedUuid(), automation, parameters: { run } });
      await store.apply('submit-job', { job, actor: 'test', idempotency: null, at: systemClock.now() });
      return job.id;
    },
    async [Symbol.asyncDispose]() {
      for (const replica of replicas) await replica[Symbol.asyncDispose]();
      await logs[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
