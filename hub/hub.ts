import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { createCoarseClock } from '../runtime/coarse-clock.ts';
import { toListenAddress } from '../runtime/listening/to-listen-address.ts';
import type { Logger } from '../runtime/logger.ts';
import { createLoopBoard, type LoopBoard } from '../runtime/loop-board.ts';
import type { Random } from '../runtime/random.ts';
import { version } from '../runtime/version.ts';
import { createSyncCounters } from '../sync/sync-counters.ts';
import { defaultLimits } from '../transports/limits.ts';
import type { Listener } from '../transports/listener.ts';
import { createWebsocketListener } from '../transports/websocket/listener.ts';
import { type ApiLimits, defaultApiLimits } from './api/api-limits.ts';
import { createApi } from './api/create-api.ts';
import { Readers } from './api/readers.ts';
import { admitArrivals } from './control/admit-arrivals.ts';
import { Arrivals } from './control/arrivals.ts';
import { createHubView } from './create-hub-view.ts';
import { type DrainOptions, drainHub } from './drain-hub.ts';
import { createClientAddress } from './front/client-address.ts';
import { createPublicBase } from './front/public-base.ts';
import { createTrustedProxies } from './front/trusted-proxies.ts';
import { RoomWatch } from './housekeeping/room-watch.ts';
import { createHubCore, type HubCore } from './hub-core.ts';
import { ensureAdminToken } from './identity/admin-token.ts';
import { createAgentAuthenticator } from './identity/agent-authenticator.ts';
import type { AgentPrincipal } from './identity/agent-principal.ts';
import { holdToCertificate } from './identity/hold-to-certificate.ts';
import { noteAgentRefusals } from './identity/noted-refusals.ts';
import type { OidcSettings } from './identity/oidc/oidc-settings.ts';
import { Refusals } from './identity/refusals.ts';
import { createSecretBox } from './identity/secret-box.ts';
import { loadSecretKey } from './identity/secret-key.ts';
import { admitTickets } from './identity/ticket-authenticator.ts';
import { createTickets } from './identity/tickets.ts';
import type { JudgeUserToken } from './identity/user-authenticator.ts';
import type { ConnectionRefusal } from './listeners/connection-refusal.ts';
import { createStrangers } from './listeners/create-strangers.ts';
import { serveGrpcBesideHttp } from './listeners/grpc-beside-http.ts';
import { RefusalLog } from './listeners/refusal-log.ts';
import { createFileLogStore } from './logs/file-log-store.ts';
import { watchLogs } from './logs/watched-logs.ts';
import { HubMetrics } from './metrics/hub-metrics.ts';
import { type AccountLimits, AccountQuotas, noLimits } from './quotas/account-quotas.ts';
import { toRetainEveryMs } from './retention/retention.ts';
import type { RetentionRules } from './retention/retention-rules.ts';
import { RoomReserve } from './retention/room-reserve.ts';
import { admitSessions } from './sessions/admit-sessions.ts';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.ts';
import { TlsKeeper, type TlsKeeperOptions } from './tls/tls-keeper.ts';
import type { TlsOptions } from './tls/tls-options.ts';

export interface HubOptions {
  /** Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Holds the store, the logs, the secret key; one hub at a time. */
  readonly dataFolder: string;
  /** Null or left out: the hub speaks plaintext. */
  readonly tls?: TlsOptions | null;
  /** Addresses and networks of proxies that are believed; left out: none. */
  readonly trustedProxies?: readonly string[];
  /** Where people find the API; null or left out: where they asked. */
  readonly publicUrl?: URL | null;
  readonly adminToken: string | null;
  /** Where `admin-token` is written, and that it is written also when a token was given. Null: the data folder, when one is made. */
  readonly adminTokenFolder: string | null;
  /** Whose tokens are taken besides the hub's own, and how that issuer is asked; left out or null: nobody's. */
  readonly issuer?: { readonly settings: OidcSettings; readonly fetch: typeof globalThis.fetch } | null;
  readonly lostAfterMs: number;
  readonly keep: RetentionRules;
  /** What each account may have where nothing was set for it; `queuedJobs` stands in `limits`. Left out: no bound. */
  readonly quotas?: Omit<AccountLimits, 'queuedJobs'>;
  /** Of the API; what is left out is as usual. */
  readonly limits?: Partial<ApiLimits>;
  /** How often it is looked for what is to be kept no longer; left out: as often as what is kept asks for. */
  readonly retainEveryMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Hub extends AsyncDisposable {
  /** `http://127.0.0.1:7400`, or `https://…` */
  readonly address: string;
  /** Looks at once whether the TLS files changed, and uses what is new for new connections. Never rejects. */
  readAgain(): Promise<void>;
  /**
   * Takes no more agents, is not ready any more, and asks those that are here to open a channel to another hub behind the same address. Resolves when
   * all have gone and no session is open, after `drainMs`, or when `signal` aborts; then it is to be disposed of.
   */
  drain(options: DrainOptions): Promise<void>;
}

const day = 86_400_000;
/** How long a late result may correct a lost job; its secrets are kept as long. */
const correctionWindowMs = 7 * day;
/** Timers of which each agent has some may be late by this, and share one for all of them. */
const agentStepMs = 100;

/**
 * Starts a hub: opens the data folder, loads what is queued and running, then serves the API and the agents on one port.
 * Disposing it leaves at once: jobs run on, and agents come back to the hub that is started next.
 */
export async function createHub(options: HubOptions): Promise<Hub> {
  const { dataFolder, clock, random, logger } = options;
  await using opened = new AsyncDisposableStack();
  const metrics = opened.use(new HubMetrics({ version, clock }));
  const loops = createLoopBoard(clock);
  const room = new RoomWatch({ folder: dataFolder, logger });
  const tls =
    options.tls === undefined || options.tls === null
      ? null
      : opened.use(await openTls(options.tls, { metrics, loops, clock, logger }));
  const store = opened.use(
    await openSqliteStore({ folder: dataFolder, clock, logger, random, ...watchCommits({ metrics, room, loops }) }),
  );
  const files = createFileLogStore({ folder: join(dataFolder, 'logs') });
  const watcher = { stored: (bytes: number) => metrics.stored(bytes), failed: (error: unknown) => room.failed(error) };
  const logs = opened.use(watchLogs(files, { watcher, loops, clock }));
  const secretKey = await loadSecretKey({ folder: dataFolder, random, logger });
  const tickets = createTickets({ secretKey, storeId: store.storeId, clock, random });
  await ensureAdminToken({
    store,
    folder: options.adminTokenFolder ?? dataFolder,
    given: options.adminToken,
    alwaysWrite: options.adminTokenFolder !== null,
    clock,
    random,
    logger,
  });

  const counters = createSyncCounters();
  const reserve = new RoomReserve({ folder: dataFolder });
  await reserve.keep();
  const agentClock = createCoarseClock(clock, agentStepMs);
  const arrivals = new Arrivals({ clock, random });
  const limits = { ...defaultApiLimits, ...options.limits };
  const quotas = new AccountQuotas({ ...noLimits, ...options.quotas, queuedJobs: limits.queuedJobs });
  const core = createHubCore({
    quotas,
    version,
    store,
    logs,
    reserve,
    secretBox: createSecretBox(secretKey, random),
    tickets,
    lostAfterMs: options.lostAfterMs,
    correctionWindowMs,
    keep: options.keep,
    retainEveryMs: options.retainEveryMs ?? toRetainEveryMs(options.keep),
    room,
    metrics,
    counters,
    arrivals,
    loops,
    clock,
    agentClock,
    random,
    logger,
  });
  const { scheduler, schemas } = core;
  const readers = new Readers({ clock, logger: logger.child({ scope: 'api' }), limits, loops });
  const parts = { ...core, arrivals, dataFolder, version, counters, store, readers, room, metrics, loops, clock, tls };
  const trusted = createTrustedProxies(options.trustedProxies ?? []);
  const clientAddress = createClientAddress(trusted);
  const refusals = opened.use(new Refusals({ store, clock, logger }));
  const count = (reason: ConnectionRefusal) => metrics.connections.refused(reason);
  const refused = new RefusalLog({ count, clock, logger: logger.child({ scope: 'listener' }) });
  const strangers = createStrangers({ trusted, refusals: refused });
  metrics.connections.watchStrangers(strangers);
  const know = (socket: Socket) => strangers.know(socket);
  const api = createApi({
    know,
    publicBase: createPublicBase({ publicUrl: options.publicUrl ?? null, trusted }),
    clientAddress,
    store,
    judgeUserToken: await openIssuer(options, { opened, loops }),
    refusals,
    logs,
    hubView: createHubView(parts),
    offerAtOnce: (job) => scheduler.offerAtOnce(job),
    quotas,
    readers,
    limits,
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
  opened.use(core);
  await core.start();

  const listening = {
    authenticate: admitArrivals(
      admitSessions(
        noteAgentRefusals(
          holdToCertificate(
            admitTickets(createAgentAuthenticator({ store, secretKey, clock, random, logger }), {
              tickets,
              store,
              logger,
            }),
            { logger },
          ),
          { store, refusals },
        ),
        core.sessions,
      ),
      arrivals,
    ),
    remoteOf: clientAddress,
    know,
    clock: agentClock,
    limits: defaultLimits,
    logger: logger.child({ scope: 'listener' }),
  };
  const listener = createWebsocketListener<AgentPrincipal>(listening);
  listener.attach(api.server);
  const accepting = acceptAll(listener, { core, loops, name: 'accepting' });
  opened.defer(async () => {
    await listener[Symbol.asyncDispose]();
    await accepting;
  });
  const serve = (calls: Listener<AgentPrincipal>) => acceptAll(calls, { core, loops, name: 'accepting grpc' });
  opened.use(serveGrpcBesideHttp(api.server, { ...listening, serve, tls, strangers, refusals: refused }));
  await api.listen(options.listen);

  const address = toListenAddress(api.server, tls === null ? 'http' : 'https');
  logger.info({ address, version }, 'hub ready');
  const disposables = opened.move();
  return {
    address,
    readAgain: async () => tls?.look(),
    drain: (how) => drainHub({ ...core, arrivals, clock, logger }, how),
    async [Symbol.asyncDispose]() {
      await disposables.disposeAsync();
      logger.info({}, 'hub stopped');
    },
  };
}

/** What judges tokens of the issuer is loaded only where there is one. */
async function openIssuer(
  { issuer = null, clock, logger: parent }: HubOptions,
  { opened, loops }: { readonly opened: AsyncDisposableStack; readonly loops: LoopBoard },
): Promise<JudgeUserToken | null> {
  if (issuer === null) return null;
  const [{ IssuerKeys }, { createUserTokenJudge }] = await Promise.all([
    import('./identity/oidc/issuer-keys.ts'),
    import('./identity/oidc/user-token-judge.ts'),
  ]);
  const logger = parent.child({ scope: 'issuer' });
  const { settings, fetch } = issuer;
  const keys = opened.use(new IssuerKeys({ issuer: settings.issuer, fetch, clock, loops, logger }));
  return createUserTokenJudge({ settings, keys, clock, logger });
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
  { core, loops, name }: { readonly core: HubCore; readonly loops: LoopBoard; readonly name: string },
): Promise<void> {
  using loop = loops.open(name);
  loop.does('waits for agents to dial');
  for await (const accepted of listener) {
    core.accept(accepted);
    loop.turned();
  }
}

async function openTls(
  files: TlsOptions,
  parts: Omit<TlsKeeperOptions, 'files'> & { readonly metrics: HubMetrics },
): Promise<TlsKeeper> {
  const logger = parts.logger.child({ scope: 'tls' });
  const keeper = await TlsKeeper.open({ ...parts, files, logger });
  parts.metrics.connections.watch(keeper);
  return keeper;
}
