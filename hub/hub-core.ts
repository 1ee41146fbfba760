import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import type { Random } from '../runtime/random.ts';
import type { SyncCounters } from '../sync/sync-counters.ts';
import { defaultSyncOptions } from '../sync/sync-options.ts';
import type { Accepted } from '../transports/listener.ts';
import type { Arrivals } from './control/arrivals.ts';
import { ControlService } from './control/control-service.ts';
import { Fleet } from './fleet/fleet.ts';
import { InventoryCount } from './fleet/inventory-count.ts';
import { ParameterSchemas } from './fleet/parameter-schemas.ts';
import { createChores } from './housekeeping/create-chores.ts';
import { Housekeeping } from './housekeeping/housekeeping.ts';
import type { RoomWatch } from './housekeeping/room-watch.ts';
import type { AgentPrincipal } from './identity/agent-principal.ts';
import type { SecretBox } from './identity/secret-box.ts';
import type { Tickets } from './identity/tickets.ts';
import type { LogStore } from './logs/log-store.ts';
import type { HubMetrics } from './metrics/hub-metrics.ts';
import { AccountQuotas, noLimits } from './quotas/account-quotas.ts';
import { Retention } from './retention/retention.ts';
import type { RetentionRules } from './retention/retention-rules.ts';
import type { RoomReserve } from './retention/room-reserve.ts';
import { OfferHold } from './scheduler/offer-hold.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { WaitingWatch } from './scheduler/waiting-watch.ts';
import { createProgressBoard, type ProgressBoard } from './sessions/progress-board.ts';
import { SessionService } from './sessions/session-service.ts';
import type { Store } from './store/store.ts';
import { followStore } from './store-follower.ts';

export interface HubCoreOptions {
  readonly version: string;
  readonly store: Store;
  readonly logs: LogStore;
  readonly secretBox: SecretBox;
  readonly tickets: Pick<Tickets, 'issue'>;
  readonly lostAfterMs: number;
  /** How long a late result may correct a lost job; its secrets are kept as long. */
  readonly correctionWindowMs: number;
  readonly keep: RetentionRules;
  /** Left out: no account has any. */
  readonly quotas?: AccountQuotas;
  readonly reserve: Pick<RoomReserve, 'keep' | 'give'>;
  readonly retainEveryMs: number;
  readonly room: Pick<RoomWatch, 'tryAgain'>;
  readonly metrics: HubMetrics;
  readonly counters: SyncCounters;
  readonly arrivals: Pick<Arrivals, 'arrived' | 'nextTurnMs'>;
  readonly loops: LoopBoard;
  readonly clock: Clock;
  /** For what each agent has some of: its timers may be a little late. */
  readonly agentClock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * What a hub does for its jobs and agents, with no word about where its store, its logs and its connections are: those are given. Disposing
 * it closes all channels and leaves what was given to whoever gave it.
 */
export interface HubCore extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly schemas: ParameterSchemas;
  readonly scheduler: Scheduler;
  readonly hold: OfferHold;
  readonly progress: ProgressBoard;
  readonly retention: Retention;
  readonly control: ControlService;
  readonly sessions: SessionService;
  readonly inventory: InventoryCount;
  /** Takes in what the store holds, then does what a hub does by itself. Once, and before any channel is accepted. */
  start(): Promise<void>;
  /** Serves a channel whose agent was authenticated. Never throws. */
  accept(accepted: Accepted<AgentPrincipal>): void;
}

export function createHubCore(options: HubCoreOptions): HubCore {
  const { quotas = new AccountQuotas(noLimits) } = options;
  const { store, logs, lostAfterMs, correctionWindowMs, metrics, loops, clock, random, logger } = options;
  const disposables = new AsyncDisposableStack();
  const fleet = new Fleet(clock);
  const schemas = new ParameterSchemas();
  const progress = createProgressBoard();
  const schedulerLogger = logger.child({ scope: 'scheduler' });
  const hold = disposables.use(new OfferHold({ store, fleet, clock, logger: schedulerLogger }));
  const scheduler = disposables.use(
    new Scheduler({
      store,
      fleet,
      schemas,
      hold,
      clock,
      random,
      logger: schedulerLogger,
      offers: metrics.offers,
      loops,
      quotas,
    }),
  );
  const retention = new Retention({
    store,
    logs,
    reserve: options.reserve,
    rules: options.keep,
    correctionWindowMs,
    metrics,
    clock,
    logger: logger.child({ scope: 'retention' }),
  });
  const control = disposables.use(
    new ControlService({
      store,
      fleet,
      clock: options.agentClock,
      random,
      logger: logger.child({ scope: 'control' }),
      counters: options.counters,
      sync: defaultSyncOptions,
      owner: random.uuid(),
      version: options.version,
      onGreeted: (agent, said) => hold.greeted(agent, said),
      onDeclined: ({ agentId, automation, reason }) => {
        metrics.offers.refused(reason);
        scheduler.declined(agentId, automation);
      },
      onGone: (agentId) => sessions.cut(agentId),
      onResynced: (tookMs) => metrics.resynced(tookMs),
      loops,
      arrivals: options.arrivals,
    }),
  );
  const sessions = disposables.use(
    new SessionService({
      store,
      logs,
      openSecrets: (jobId, sealed) => options.secretBox.open(jobId, sealed),
      isRetrySafe: (attempt) => fleet.isRetrySafe(attempt),
      isGone: (agentId) => fleet.isGone(agentId),
      whyHeld: (account) => hold.reasonFor(account),
      heard: (agentId) => fleet.heard(agentId),
      tickets: options.tickets,
      progress,
      counts: metrics.sessions,
      loops,
      clock,
      logger: logger.child({ scope: 'session' }),
    }),
  );
  const waiting = new WaitingWatch({ groups: () => scheduler.overview.groups(), clock, logger: schedulerLogger });
  const inventory = new InventoryCount({ store, fleet });
  const chores = createChores({
    store,
    fleet,
    control,
    sessions,
    room: options.room,
    waiting,
    inventory,
    retention,
    lostAfterMs,
    correctionWindowMs,
    retainEveryMs: options.retainEveryMs,
    clock,
  });

  return {
    fleet,
    schemas,
    scheduler,
    hold,
    progress,
    retention,
    control,
    sessions,
    inventory,
    async start() {
      disposables.use(
        await followStore({ store, fleet, scheduler, quotas, hold, control, sessions, progress, metrics, logger }),
      );
      await hold.begin();
      await inventory.look();
      disposables.use(new Housekeeping({ chores, clock, logger, loops }));
    },
    accept(accepted) {
      if (accepted.type === 'session') sessions.serve(accepted);
      else control.accept(accepted);
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}
