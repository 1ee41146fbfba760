import { DatabaseSync } from 'node:sqlite';
import { adoptStore } from '../../hub/backup/adopt-store.ts';
import { admitArrivals } from '../../hub/control/admit-arrivals.ts';
import { Arrivals } from '../../hub/control/arrivals.ts';
import { createHubCore, type HubCore } from '../../hub/hub-core.ts';
import type { AgentPrincipal } from '../../hub/identity/agent-principal.ts';
import { createSecretBox, type SecretBox } from '../../hub/identity/secret-box.ts';
import { createSecretKey } from '../../hub/identity/secret-key.ts';
import { admitTickets } from '../../hub/identity/ticket-authenticator.ts';
import { createTickets, type Tickets } from '../../hub/identity/tickets.ts';
import { LogError } from '../../hub/logs/log-error.ts';
import { HubMetrics } from '../../hub/metrics/hub-metrics.ts';
import type { RetentionRules } from '../../hub/retention/retention-rules.ts';
import { beginStart } from '../../hub/store/sqlite/begin-start.ts';
import { migrate } from '../../hub/store/sqlite/migrate.ts';
import { createSqliteStore } from '../../hub/store/sqlite/sqlite-store.ts';
import type { Change, Store } from '../../hub/store/store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import type { Authenticate } from '../../transports/credential.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createMemoryListener } from '../../transports/memory/listener.ts';
import type { MemoryNetwork } from '../../transports/memory/network.ts';
import { guardStore } from './guarded-store.ts';
import type { DiskFault } from './memory-file-system.ts';
import { createMemoryLogStore, LogDisk } from './memory-log-store.ts';
import type { RealWork } from './real-work.ts';
import type { PlannedRetention } from './schedule.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedProcess } from './simulated-process.ts';

export const hubAddress = 'hub';
/** A store as a hub finds it that starts for the first time. */
const emptyStore = createEmptyStore();
const secretKey = createSecretKey(new Uint8Array(32).fill(7));

export interface SimulatedHubOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly lostAfterMs: number;
  readonly correctionWindowMs: number;
  readonly retention: PlannedRetention | null;
  readonly logger: Logger;
  readonly realWork: RealWork;
  readonly onOperation: (name: string) => void;
  /** After each commit, whoever made it. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** Just before the log of an attempt is deleted. */
  readonly onLogRemoval: (attempt: string) => void;
}

/** What of a hub was copied, as a backup does it. */
export interface HubCopy {
  readonly store: Uint8Array;
  readonly logs: LogDisk;
  readonly madeAtMs: number;
}

interface Running {
  readonly process: SimulatedProcess;
  readonly store: Store;
  /** Null while it takes in what the store holds. */
  core: HubCore | null;
  readonly disposables: AsyncDisposableStack;
}

/** The hub's machine: a store and logs that stay, and one process after another on them. A crash leaves the store at its last commit. */
export class SimulatedHub {
  logs = new LogDisk();
  wallOffsetMs = 0;
  readonly faults: DiskFault[] = [];
  readonly secretBox: SecretBox;
  readonly #options: SimulatedHubOptions;
  #database = new DatabaseSync(':memory:');
  #aside: Store | null = null;
  #running: Running | null = null;
  #starts = 0;

  constructor(options: SimulatedHubOptions) {
    this.#options = options;
    this.secretBox = createSecretBox(secretKey, options.random.fork('secrets'));
    this.#database.deserialize(emptyStore);
    this.#makeStoreId();
  }

  get process(): SimulatedProcess | null {
    return this.#running?.process ?? null;
  }

  /** Null while it is down or begins. */
  get core(): HubCore | null {
    return this.#running?.core ?? null;
  }

  /** As the running process has it. */
  get store(): Store | null {
    return this.#running?.store ?? null;
  }

  get now(): number {
    return Math.floor(this.#options.clock.now() + this.wallOffsetMs);
  }

  /** A look at the store that nobody else's operations are in the way of. */
  openAside(): Store {
    this.#aside ??= this.#open(this.#options.clock);
    return this.#aside;
  }

  async start(): Promise<void> {
    const { clock, random, network, lostAfterMs, correctionWindowMs, retention, onOperation } = this.#options;
    this.#starts += 1;
    const name = `hub#${this.#starts}`;
    const own = random.fork(name);
    const process = new SimulatedProcess({ name, clock, wallOffsetMs: () => this.wallOffsetMs, onOperation });
    beginStart(this.#database, own);
    const inner = this.#open(process.clock);
    inner.subscribe((changes) => this.#options.onChanges(changes));
    const store = guardStore(inner, process);
    const disposables = new AsyncDisposableStack();
    const running: Running = { process, store, core: null, disposables };
    this.#running = running;
    const metrics = new HubMetrics({ version: 'simulated', clock: process.clock });
    metrics[Symbol.dispose]();
    const logger = this.#options.logger.child({ process: name });
    const common = { clock: process.clock, random: own, logger };
    const arrivals = new Arrivals({ clock: process.clock, random: own });
    const tickets = this.#openTickets(store, process, own);
    const core = createHubCore({
      ...common,
      version: 'simulated',
      tickets,
      store,
      logs: createMemoryLogStore({
        disk: this.logs,
        through: (operation, work) => process.through(operation, work),
        writing: () => this.#fail('write'),
        removing: this.#options.onLogRemoval,
        flushing: async () => {
          this.#fail('flush');
          await new Promise<void>((resolve) => void clock.schedule(own.below(8), resolve));
        },
      }),
      secretBox: this.secretBox,
      lostAfterMs,
      correctionWindowMs,
      keep: toRules(retention),
      retainEveryMs: retention?.everyMs ?? 600_000,
      room: { tryAgain: async () => {} },
      metrics,
      counters: createSyncCounters(),
      reserve: { keep: async () => {}, give: async () => false },
      arrivals,
      agentClock: process.clock,
      loops: createLoopBoard(process.clock),
    });
    disposables.use(core);
    await core.start();
    if (!process.isAlive) return;
    const listener = createMemoryListener<AgentPrincipal>({
      ...common,
      network,
      address: hubAddress,
      limits: defaultLimits,
      authenticate: admitArrivals(admitTickets(authenticateBy(store), { tickets, store, logger }), arrivals),
    });
    disposables.use(listener);
    process.onDeath(() => network.unbind(hubAddress));
    void (async () => {
      for await (const accepted of listener) if (process.isAlive) core.accept(accepted);
    })();
    running.core = core;
  }

  /** What they are signed and checked with takes real time, in threads that no simulation has. */
  #openTickets({ storeId }: Store, process: SimulatedProcess, random: SeededRandom): Tickets {
    const { realWork } = this.#options;
    const tickets = createTickets({ secretKey, storeId, clock: process.clock, random });
    return {
      issue: (its) => process.through('issue ticket', () => realWork.run(() => tickets.issue(its))),
      read: (text, attempt) => process.through('read ticket', () => realWork.run(() => tickets.read(text, attempt))),
    };
  }

  /** The process is dead. `power`: its machine too. */
  crash(how: 'kill' | 'power'): void {
    this.#running?.process.kill();
    this.#running = null;
    if (how === 'power') this.logs.losePower(this.#options.random);
  }

  copy(): HubCopy {
    return { store: this.#database.serialize(), logs: this.logs.copy(), madeAtMs: this.now };
  }

  /** Puts a copy in the place of what is there, as `farhand restore` does or as the bare files would. The hub must be down. */
  async restore(
    copy: HubCopy,
    { how, cancelQueued }: { how: 'backup' | 'copy'; cancelQueued: boolean },
  ): Promise<void> {
    this.#database = new DatabaseSync(':memory:');
    this.#database.deserialize(copy.store);
    this.#aside = null;
    this.logs = copy.logs.copy();
    if (how === 'copy') return;
    this.#database.prepare('update meta set store_id = ?').run(this.#options.random.uuid());
    const { clock: outer } = this.#options;
    const clock: Clock = {
      now: () => this.now,
      monotonic: () => outer.monotonic(),
      schedule: (delayMs, callback) => outer.schedule(delayMs, callback),
    };
    await adoptStore(this.#open(clock), {
      madeAt: new Date(copy.madeAtMs).toISOString(),
      removedLogs: [],
      cancelQueued,
      clock,
    });
  }

  #open(clock: Clock): Store {
    const database = this.#database;
    const storeId = String(database.prepare('select store_id from meta').get()?.['store_id']);
    const startId = String(database.prepare('select id from starts order by sequence desc').get()?.['id']);
    const { logger } = this.#options;
    const lock = { [Symbol.dispose]: () => {} };
    return createSqliteStore({ database, path: '/nowhere/hub.sqlite', storeId, startId, lock, clock, logger });
  }

  #makeStoreId(): void {
    this.#database
      .prepare('insert into meta (id, store_id, commits) values (1, ?, 0)')
      .run(this.#options.random.uuid());
  }

  #fail(on: DiskFault['on']): void {
    const index = this.faults.findIndex((fault) => fault.on === on);
    const fault = this.faults[index];
    if (fault === undefined) return;
    if (fault.left > 0) {
      fault.left -= 1;
      return;
    }
    this.faults.splice(index, 1);
    throw new LogError(fault.code === 'ENOSPC' ? 'full' : 'broken', `simulated ${fault.code}`);
  }
}

function toRules(planned: PlannedRetention | null): RetentionRules {
  const { jobsForMs = null, jobsPerAccount = null, logBytes = null } = planned ?? {};
  return {
    jobsForMs: jobsForMs ?? Number.POSITIVE_INFINITY,
    jobsPerAccount: jobsPerAccount ?? Number.POSITIVE_INFINITY,
    logBytes: logBytes ?? Number.POSITIVE_INFINITY,
    atLeastMs: 0,
    auditForMs: Number.POSITIVE_INFINITY,
    agentsForMs: Number.POSITIVE_INFINITY,
  };
}

/** Whoever says who it is is believed: what a credential proves is tested elsewhere. */
function authenticateBy(store: Store): Authenticate<AgentPrincipal> {
  return async ({ presented }) => {
    const record = await store.queries.agentIdentity((presented ?? '').replace('agent=', ''));
    if (record === null)
      return { type: 'refused', code: 'unauthorized', message: 'nobody knows this agent', retryAfterMs: null };
    return { type: 'admitted', principal: { id: record.id, account: record.account, name: record.name } };
  };
}

function createEmptyStore(): Uint8Array {
  using database = new DatabaseSync(':memory:');
  migrate(database);
  return database.serialize();
}
