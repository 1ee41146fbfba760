import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { createLoopBoard, type LoopBoard } from '../runtime/loop-board.ts';
import type { Random } from '../runtime/random.ts';
import { version } from '../runtime/version.ts';
import { createSyncCounters } from '../sync/sync-counters.ts';
import { defaultSyncOptions } from '../sync/sync-options.ts';
import { defaultLimits } from '../transports/limits.ts';
import type { Listener } from '../transports/listener.ts';
import { createWebsocketListener } from '../transports/websocket/listener.ts';
import { defaultApiLimits } from './api/api-limits.ts';
import { createApi } from './api/create-api.ts';
import { Readers } from './api/readers.ts';
import { ControlService } from './control/control-service.ts';
import { createHubView } from './create-hub-view.ts';
import { Fleet } from './fleet/fleet.ts';
import { ParameterSchemas } from './fleet/parameter-schemas.ts';
import { createChores } from './housekeeping/create-chores.ts';
import { Housekeeping } from './housekeeping/housekeeping.ts';
import { RoomWatch } from './housekeeping/room-watch.ts';
import { ensureAdminToken } from './identity/admin-token.ts';
import { createAgentAuthenticator } from './identity/agent-authenticator.ts';
import type { AgentPrincipal } from './identity/agent-principal.ts';
import { createSecretBox } from './identity/secret-box.ts';
import { loadSecretKey } from './identity/secret-key.ts';
import { serveGrpcBesideHttp } from './listeners/grpc-beside-http.ts';
import { createFileLogStore } from './logs/file-log-store.ts';
import { watchLogs } from './logs/watched-logs.ts';
import { HubMetrics } from './metrics/hub-metrics.ts';
import { Retention, retainEveryMs } from './retention/retention.ts';
import type { RetentionRules } from './retention/retention-rules.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { WaitingWatch } from './scheduler/waiting-watch.ts';
import { createProgressBoard } from './sessions/progress-board.ts';
import { SessionService } from './sessions/session-service.ts';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.ts';
import { followStore } from './store-follower.ts';

export interface HubOptions {
  /** Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Holds the store, the logs, the secret key; one hub at a time. */
  readonly dataFolder: string;
  readonly adminToken: string | null;
  /** Where `admin-token` is written, and that it is written also when a token was given. Null: the data folder, when one is made. */
  readonly adminTokenFolder: string | null;
  readonly lostAfterMs: number;
  readonly keep: RetentionRules;
  /** How often it is looked for what is to be kept no longer; left out: every ten minutes. */
  readonly retainEveryMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Hub extends AsyncDisposable {
  /** `http://127.0.0.1:7400` */
  readonly address: string;
}

const day = 86_400_000;
/** How long a late result may correct a lost job; its secrets are kept as long. */
const correctionWindowMs = 7 * day;

/**
 * Starts a hub: opens the data folder, loads what is queued and running, then serves the API and the agents on one port.
 * Disposing it leaves at once: jobs run on, and agents come back to the hub that is started next.
 */
export async function createHub(options: HubOptions): Promise<Hub> {
  const { dataFolder, clock, random, logger } = options;
  await using opened = new AsyncDisposableStack();
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const metrics = opened.use(new HubMetrics({ version, clock }));
  const loops = createLoopBoard(clock);
  const room = new RoomWatch({ folder: dataFolder, logger });
  const store = opened.use(
    await openSqliteStore({ folder: dataFolder, clock, logger, random, ...watchCommits({ metrics, room, loops }) }),
  );
  const files = createFileLogStore({ folder: join(dataFolder, 'logs') });
  const watcher = { stored: (bytes: number) => metrics.stored(bytes), failed: (error: unknown) => room.failed(error) };
  const logs = opened.use(watchLogs(files, { watcher, loops, clock }));
  const secretKey = await loadSecretKey({ folder: dataFolder, random, logger });
  await ensureAdminToken({
    store,
    folder: options.adminTokenFolder ?? dataFolder,
    given: options.adminToken,
    alwaysWrite: options.adminTokenFolder !== null,
    clock,
    random,
    logger,
  });

  const fleet = new Fleet(clock);
  const schemas = new ParameterSchemas();
  const progress = createProgressBoard();
  const schedulerLogger = logger.child({ scope: 'scheduler' });
  const scheduler = opened.use(
    new Scheduler({ store, fleet, schemas, clock, random, logger: schedulerLogger, offers: metrics.offers, loops }),
  );
  const readers = new Readers({ clock, logger: logger.child({ scope: 'api' }), limits: defaultApiLimits, loops });
  const retention = new Retention({
    store,
    logs,
    rules: options.keep,
    correctionWindowMs,
    metrics,
    clock,
    logger: logger.child({ scope: 'retention' }),
  });
  let sessions: SessionService | null = null;
  const counters = createSyncCounters();
  const parts = {
    dataFolder,
    version,
    counters,
    store,
    fleet,
    scheduler,
    progress,
    readers,
    room,
    retention,
    metrics,
    loops,
    clock,
  };
  const api = createApi({
    store,
    logs,
    hubView: createHubView({ ...parts, sessions: () => sessions }),
    offerAtOnce: (job) => scheduler.offerAtOnce(job),
    readers,
    secretKey,
    schemas,
    metrics,
    version,
    clock,
    random,
    logger,
  });
  // Closed after all channels: a server waits for its connections, upgraded ones too.
  opened.defer(() => api.close());
  const control = opened.use(
    new ControlService({
      store,
      fleet,
      clock,
      random,
      logger: logger.child({ scope: 'control' }),
      counters,
      sync: defaultSyncOptions,
      owner: random.uuid(),
      version,
      onDeclined: ({ agentId, automation, reason }) => {
        metrics.offers.refused(reason);
        scheduler.declined(agentId, automation);
      },
      onResynced: (tookMs) => metrics.resynced(tookMs),
      loops,
    }),
  );
  const secretBox = createSecretBox(secretKey, random);
  const served = opened.use(
    new SessionService({
      store,
      logs,
      openSecrets: (jobId, sealed) => secretBox.open(jobId, sealed),
      isRetrySafe: (attempt) => fleet.isRetrySafe(attempt),
      heard: (agentId) => fleet.heard(agentId),
      progress,
      counts: metrics.sessions,
      loops,
      clock,
      logger: logger.child({ scope: 'session' }),
    }),
  );
  sessions = served;

  opened.use(await followStore({ store, fleet, scheduler, control, progress, metrics, logger }));
  const waiting = new WaitingWatch({ groups: () => scheduler.overview.groups(), clock, logger: schedulerLogger });
  const chores = createChores({
    store,
    fleet,
    control,
    sessions: served,
    room,
    waiting,
    retention,
    lostAfterMs: options.lostAfterMs,
    correctionWindowMs,
    retainEveryMs: options.retainEveryMs ?? retainEveryMs,
    clock,
  });
  opened.use(new Housekeeping({ chores, clock, logger, loops }));

  const listening = {
    authenticate: createAgentAuthenticator({ store, secretKey, clock, random, logger }),
    clock,
    limits: defaultLimits,
    logger: logger.child({ scope: 'listener' }),
  };
  const listener = createWebsocketListener<AgentPrincipal>(listening);
  listener.attach(api.server);
  const accepting = acceptAll(listener, { control, sessions: served, loops, name: 'accepting' });
  opened.defer(async () => {
    await listener[Symbol.asyncDispose]();
    await accepting;
  });
  const serve = (calls: Listener<AgentPrincipal>) =>
    acceptAll(calls, { control, sessions: served, loops, name: 'accepting grpc' });
  opened.use(serveGrpcBesideHttp(api.server, { ...listening, serve }));
  await api.listen(options.listen);

  const address = toAddress(api.server.address());
  logger.info({ address, version }, 'hub ready');
  const disposables = opened.move();
  return {
    address,
    async [Symbol.asyncDispose]() {
      await disposables.disposeAsync();
      logger.info({}, 'hub stopped');
    },
  };
}

/** What the store's commits are told to. */
function watchCommits({
  metrics,
  room,
  loops,
}: {
  readonly metrics: HubMetrics;
  readonly room: RoomWatch;
  readonly loops: LoopBoard;
}): { readonly onCommitTook: (tookMs: number) => void; readonly onCommitFailed: (error: unknown) => void } {
  let lastMs = 0;
  const loop = loops.open('store', { words: () => `the last commit took ${lastMs.toFixed(1)} ms` });
  return {
    onCommitTook(tookMs) {
      lastMs = tookMs;
      metrics.committed(tookMs);
      loop.turned();
    },
    onCommitFailed(error) {
      loop.failed(error);
      room.failed(error);
    },
  };
}

/** Ends when the listener does. */
async function acceptAll(
  listener: Listener<AgentPrincipal>,
  {
    control,
    sessions,
    loops,
    name,
  }: {
    readonly control: ControlService;
    readonly sessions: SessionService;
    readonly loops: LoopBoard;
    readonly name: string;
  },
): Promise<void> {
  using loop = loops.open(name);
  loop.does('waits for agents to dial');
  for await (const accepted of listener) {
    if (accepted.type === 'session') sessions.serve(accepted);
    else control.accept(accepted);
    loop.turned();
  }
}

function toAddress(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('expected the server to listen on a port');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
