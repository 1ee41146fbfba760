import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import { ParameterSchemas } from '../../../hub/fleet/parameter-schemas.ts';
import { OfferCounts } from '../../../hub/metrics/offer-counts.ts';
import { AccountQuotas, noLimits } from '../../../hub/quotas/account-quotas.ts';
import { Scheduler, type SchedulerOptions } from '../../../hub/scheduler/scheduler.ts';
import { createProgressBoard } from '../../../hub/sessions/progress-board.ts';
import type { CommandName, NewJob } from '../../../hub/store/command.ts';
import type { AttemptRecord, JobRecord } from '../../../hub/store/records.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../hub/store/store.ts';
import { followStore } from '../../../hub/store-follower.ts';
import type { AutomationSummary } from '../../../protocol/automation-summary.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock, type VirtualClock } from '../../../runtime/virtual-clock.ts';
import { reportOf } from '../../contract/store/scene.ts';
import { sampleNewJob } from '../../support/sample-new-job.ts';

/** A real store, the fleet and the scheduler, with agents that take down what they are offered, under a clock that the test drives. */
export interface SchedulerBench extends AsyncDisposable {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly scheduler: Scheduler;
  readonly clock: VirtualClock;
  submit(change?: Partial<NewJob>): Promise<JobRecord>;
  /** As the API does: what it was answered, and whether the job was offered with its storing. Null: the store did not take it. */
  submitAtOnce(change?: Partial<NewJob>): Promise<{ readonly job: JobRecord | null; readonly offered: boolean }>;
  job(id: string): Promise<JobRecord>;
  /** Enrols an agent that is online and offers these automations. */
  agent(name: string, options?: BenchAgentOptions): Promise<BenchAgent>;
  /** Lets everything that was asked for come to an end; no time passes. */
  settle(): Promise<void>;
  /** From here on the store refuses every offer, until the function that is returned is called. */
  failOffers(): () => number;
  /** The same for taking an offer back. */
  failWithdrawals(): () => number;
  /** Offers that the store was asked to make. */
  asked(): number;
  /** What a hub does that is started anew on the same store. */
  restart(): Promise<void>;
}

export interface BenchAgentOptions {
  readonly slots?: number;
  readonly automations?: readonly Partial<AutomationSummary>[];
}

export interface BenchAgent {
  readonly id: string;
  readonly offers: AttemptRecord[];
  report(options: BenchAgentOptions): void;
  disconnect(): void;
}

const joinTokenHash = 'h';
const control = { attemptChanged: () => {}, agentChanged: () => {} };

export function automationOf(change: Partial<AutomationSummary> = {}): AutomationSummary {
  return {
    name: 'greet',
    kind: 'command',
    executor: 'process',
    digest: 'a'.repeat(64),
    description: null,
    parameters: null,
    outputs: null,
    timeoutSeconds: null,
    retrySafe: false,
    maxConcurrent: null,
    ...change,
  };
}

export async function createSchedulerBench({
  hold = { reasonFor: () => null, revision: 0, onReleased: () => {} },
}: Partial<Pick<SchedulerOptions, 'hold'>> = {}): Promise<SchedulerBench> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-scheduler-'));
  const clock = createVirtualClock();
  const store = await openSqliteStore({ folder, clock, logger: silentLogger, random: systemRandom });
  const offers = new OfferCounts(clock);
  let asked = 0;
  let refused = 0;
  let failing: CommandName | null = null;
  const watched: Store = {
    ...store,
    apply: (name, input) => {
      if (name === 'offer-attempt') asked += 1;
      if (failing !== name) return store.apply(name, input);
      refused += 1;
      return new Promise((_resolve, reject) => setImmediate(() => reject(new Error('the disk is full'))));
    },
  };
  const fail = (name: CommandName) => {
    failing = name;
    return () => {
      failing = null;
      return refused;
    };
  };
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
    hash: joinTokenHash,
    actor: 'test',
    at: clock.now(),
  });

  const start = async () => {
    const fleet = new Fleet(clock);
    const quotas = new AccountQuotas(noLimits);
    const scheduler = new Scheduler({
      store: watched,
      fleet,
      schemas: new ParameterSchemas(),
      hold,
      clock,
      random: systemRandom,
      logger: silentLogger,
      offers,
      loops: createLoopBoard(clock),
      quotas,
    });
    const following = await followStore({
      store,
      fleet,
      scheduler,
      quotas,
      hold: { loaded: () => {}, agentChanged: () => {} },
      control,
      metrics: { loaded: () => {}, changed: () => {} },
      progress: createProgressBoard(),
      sessions: { attemptChanged: () => {} },
      logger: silentLogger,
    });
    return { fleet, scheduler, following };
  };
  let hub = await start();
  const stop = async () => {
    hub.following[Symbol.dispose]();
    await hub.scheduler[Symbol.asyncDispose]();
  };

  return {
    store,
    clock,
    get fleet() {
      return hub.fleet;
    },
    get scheduler() {
      return hub.scheduler;
    },
    async submit(change = {}) {
      const job = sampleNewJob({ digest: 'a'.repeat(64), ...change });
      const answer = await store.apply('submit-job', { job, actor: 'test', idempotency: null, at: clock.now() });
      if (answer.type !== 'created') throw new Error(`expected a new job, got ${answer.type}`);
      return answer.job;
    },
    async submitAtOnce(change = {}) {
      const job = sampleNewJob({ digest: 'a'.repeat(64), ...change });
      const submitted = store.apply('submit-job', { job, actor: 'test', idempotency: null, at: clock.now() });
      const [stored, offered] = await Promise.all([submitted.catch(() => null), hub.scheduler.offerAtOnce(job)]);
      return { job: stored?.type === 'created' ? stored.job : null, offered };
    },
    async job(id) {
      const job = await store.queries.job('default', id);
      if (job === null) throw new Error(`no job ${id}`);
      return job;
    },
    async agent(name, options = {}) {
      const id = systemRandom.orderedUuid();
      const at = clock.now();
      const agent = { joinTokenHash, agentId: id, name, publicKey: name, claimedLabels: {}, at };
      await store.apply('enrol-agent', agent);
      const lease = await store.apply('take-lease', { agentId: id, owner: 'test', expiresAt: at + 60_000, at });
      if (lease.type !== 'taken') throw new Error('expected the lease to be taken');
      const { fleet } = hub;
      fleet.put(lease.agent);
      const offers: AttemptRecord[] = [];
      const link = {
        leaseEpoch: lease.epoch,
        publishAttempt: (attempt: AttemptRecord) => void offers.push(attempt),
        publishDesired: () => {},
        close: async () => {},
      };
      const report = ({ slots = 1, automations = [{}] }: BenchAgentOptions) =>
        fleet.reported(id, reportOf({ slots: { total: slots, used: 0 }, automations: automations.map(automationOf) }));
      report(options);
      fleet.connected(id, link);
      return { id, offers, report, disconnect: () => fleet.disconnected(id, link) };
    },
    async settle() {
      for (let turn = 0; turn < 20; turn++) await clock.settle();
    },
    failOffers: () => fail('offer-attempt'),
    failWithdrawals: () => fail('withdraw-offer'),
    asked: () => asked,
    async restart() {
      await stop();
      hub = await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
