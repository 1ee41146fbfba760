import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { version } from '../runtime/version.ts';
import { createSyncCounters } from '../sync/sync-counters.ts';
import { defaultSyncOptions } from '../sync/sync-options.ts';
import { defaultLimits } from '../transports/limits.ts';
import type { Listener } from '../transports/listener.ts';
import { createWebsocketListener } from '../transports/websocket/listener.ts';
import { createApi } from './api/create-api.ts';
import type { HubView } from './api/hub-view.ts';
import { ControlService, renewEveryMs, tellCommitsEveryMs } from './control/control-service.ts';
import { Fleet } from './fleet/fleet.ts';
import { ParameterSchemas } from './fleet/parameter-schemas.ts';
import { type Chore, Housekeeping } from './housekeeping/housekeeping.ts';
import { LostWatch } from './housekeeping/lost-watch.ts';
import { ensureAdminToken } from './identity/admin-token.ts';
import { createAgentAuthenticator } from './identity/agent-authenticator.ts';
import type { AgentPrincipal } from './identity/agent-principal.ts';
import { createSecretBox } from './identity/secret-box.ts';
import { loadSecretKey } from './identity/secret-key.ts';
import { createFileLogStore } from './logs/file-log-store.ts';
import { countLogs } from './metrics/counted-logs.ts';
import { HubMetrics } from './metrics/hub-metrics.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { createProgressBoard, type ProgressBoard } from './sessions/progress-board.ts';
import { SessionService } from './sessions/session-service.ts';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.ts';
import type { Store } from './store/store.ts';
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
const expireEveryMs = 1_000;
const longestLookEveryMs = 60_000;

/**
 * Starts a hub: opens the data folder, loads what is queued and running, then serves the API and the agents on one port.
 * Disposing it leaves at once: jobs run on, and agents come back to the hub that is started next.
 */
export async function createHub(options: HubOptions): Promise<Hub> {
  const { dataFolder, clock, random, logger } = options;
  await using opened = new AsyncDisposableStack();
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const metrics = opened.use(new HubMetrics({ version, clock }));
  const onCommitTook = (tookMs: number) => metrics.committed(tookMs);
  const store = opened.use(await openSqliteStore({ folder: dataFolder, clock, logger, random, onCommitTook }));
  const files = createFileLogStore({ folder: join(dataFolder, 'logs') });
  const logs = opened.use(countLogs(files, (bytes) => metrics.stored(bytes)));
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
  const scheduler = opened.use(
    new Scheduler({ store, fleet, schemas, clock, random, logger: logger.child({ scope: 'scheduler' }) }),
  );
  const api = createApi({
    store,
    logs,
    hubView: createHubView(store, fleet, scheduler, progress),
    offerAtOnce: (job) => scheduler.offerAtOnce(job),
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
      counters: createSyncCounters(),
      sync: defaultSyncOptions,
      owner: random.uuid(),
      version,
      onDeclined: (agentId, automation) => scheduler.declined(agentId, automation),
    }),
  );
  const secretBox = createSecretBox(secretKey, random);
  const sessions = opened.use(
    new SessionService({
      store,
      logs,
      openSecrets: (jobId, sealed) => secretBox.open(jobId, sealed),
      isRetrySafe: (attempt) => fleet.isRetrySafe(attempt),
      heard: (agentId) => fleet.heard(agentId),
      progress,
      clock,
      logger: logger.child({ scope: 'session' }),
    }),
  );

  opened.use(await followStore({ store, fleet, scheduler, control, progress, metrics, logger }));
  metrics.watch({ agents: () => fleet.count(), sessions: () => sessions.count(), commits: () => store.commits() });
  opened.use(new Housekeeping({ chores: createChores(options, { store, fleet, control, sessions }), clock, logger }));

  const listener = createWebsocketListener<AgentPrincipal>({
    authenticate: createAgentAuthenticator({ store, secretKey, clock, random, logger }),
    clock,
    limits: defaultLimits,
    logger: logger.child({ scope: 'listener' }),
  });
  listener.attach(api.server);
  const accepting = acceptAll(listener, control, sessions);
  opened.defer(async () => {
    await listener[Symbol.asyncDispose]();
    await accepting;
  });
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

function createChores(
  { clock, lostAfterMs }: HubOptions,
  {
    store,
    fleet,
    control,
    sessions,
  }: {
    readonly store: Store;
    readonly fleet: Fleet;
    readonly control: ControlService;
    readonly sessions: SessionService;
  },
): Chore[] {
  const lostWatch = new LostWatch({
    store,
    fleet,
    isSpeaking: (attemptId) => sessions.isServing(attemptId),
    clock,
    lostAfterMs,
  });
  return [
    { name: 'renew leases', everyMs: renewEveryMs, run: () => control.renewLeases() },
    { name: 'tell commits', everyMs: tellCommitsEveryMs, run: () => control.tellCommits() },
    {
      name: 'expire jobs',
      everyMs: expireEveryMs,
      run: async () => {
        while ((await store.apply('expire-jobs', { at: clock.now() })).jobIds.length > 0);
      },
    },
    {
      name: 'find lost attempts',
      everyMs: Math.min(lostAfterMs / 4, longestLookEveryMs),
      run: async () => void (await lostWatch.look()),
    },
    {
      name: 'close corrections',
      everyMs: longestLookEveryMs,
      run: async () => {
        const at = clock.now();
        while ((await store.apply('close-corrections', { before: at - correctionWindowMs, at })).jobIds.length > 0);
      },
    },
  ];
}

function createHubView(store: Store, fleet: Fleet, scheduler: Scheduler, progress: ProgressBoard): HubView {
  return {
    agent: (agentId) => fleet.get(agentId),
    agents: (account) => fleet.serving(account),
    queued: (account) => scheduler.queued(account),
    waiting: (job) => scheduler.waiting(job),
    progress: (attemptId) => progress.get(attemptId),
    nextProgress: (jobId, signal) => progress.next(jobId, signal),
    isReady: () => store.isOpen(),
  };
}

/** Ends when the listener does. */
async function acceptAll(
  listener: Listener<AgentPrincipal>,
  control: ControlService,
  sessions: SessionService,
): Promise<void> {
  for await (const accepted of listener) {
    if (accepted.type === 'session') sessions.serve(accepted);
    else control.accept(accepted);
  }
}

function toAddress(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('expected the server to listen on a port');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
