import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { WaitingReason } from '../../protocol/job.ts';
import { parseLabelSelector } from '../../protocol/label-selector.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import type { Random } from '../../runtime/random.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { LiveAgent } from '../fleet/live-agent.ts';
import type { ParameterSchemas } from '../fleet/parameter-schemas.ts';
import type { OfferCounts } from '../metrics/offer-counts.ts';
import type { AccountQuotas } from '../quotas/account-quotas.ts';
import { RunningQuota } from '../quotas/running-quota.ts';
import type { NewJob } from '../store/command.ts';
import type { AttemptRecord, JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { BarrenLanes } from './barren-lanes.ts';
import { Cooling } from './cooling.ts';
import { isCheckedAgainst } from './is-checked-against.ts';
import { JobQueue, type QueuedJob } from './job-queue.ts';
import { LaneLine } from './lane-line.ts';
import { isFree, leastLoaded } from './least-loaded.ts';
import type { OfferHold } from './offer-hold.ts';
import { OfferTimeouts } from './offer-timeouts.ts';
import { WaitingOverview } from './waiting-overview.ts';
import { type Demand, whyNot } from './why-not.ts';

export interface SchedulerOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly schemas: ParameterSchemas;
  readonly hold: Pick<OfferHold, 'reasonFor' | 'revision' | 'onReleased'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly offers: Pick<OfferCounts, 'offered' | 'refused'>;
  readonly loops: LoopBoard;
  /** Left out: nobody has any. */
  readonly quotas?: AccountQuotas;
}

/** How soon a store that could not take an offer is asked again: asked at once, it would answer at once. */
const storeRetryMs = 1000;

/**
 * Brings queued jobs and free slots together. Runs when either changes, never on a timer: `wake` asks for a pass, and asking
 * often is one pass. It decides on what is in memory and offers through the store, which refuses what is no longer so.
 */
export class Scheduler implements AsyncDisposable {
  /** Why jobs wait. */
  readonly overview: WaitingOverview;
  readonly #store: Store;
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #queue = new JobQueue();
  readonly #cooling: Cooling;
  readonly #barren = new BarrenLanes();
  readonly #timeouts: OfferTimeouts;
  readonly #schemas: ParameterSchemas;
  readonly #hold: SchedulerOptions['hold'];
  readonly #offers: SchedulerOptions['offers'];
  readonly #loop: Loop;
  /** Who has as many jobs on agents as they may. */
  readonly quota: RunningQuota;
  /** Jobs that are being offered: they left the queue, and come back to it unless the store says that they are queued no more. */
  readonly #offering = new Set<string>();
  readonly #inFlight = new Set<Promise<unknown>>();
  /** Runs while the store is not asked, because it failed. */
  #pause: Timer | null = null;
  #passAsked = false;
  #disposed = false;

  constructor(options: SchedulerOptions) {
    this.#store = options.store;
    this.#fleet = options.fleet;
    this.#schemas = options.schemas;
    this.#hold = options.hold;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger;
    this.#offers = options.offers;
    this.quota = new RunningQuota(options.quotas);
    this.#loop = options.loops.open('scheduler', { words: () => this.#describe() });
    this.#cooling = new Cooling(options.clock, (agentId) => this.#freshened(this.#fleet.get(agentId)));
    const onTimeout = (attempt: AttemptRecord) => this.#track(this.#withdraw(attempt));
    this.#timeouts = new OfferTimeouts({ clock: options.clock, loops: options.loops, onTimeout });
    this.#fleet.onRoom((agent) => this.#freshened(agent));
    this.#hold.onReleased(() => this.wake());
    this.overview = new WaitingOverview({
      queue: this.#queue,
      fleet: this.#fleet,
      whyNotNow: (agent, demand) => this.#whyNotNow(agent, demand),
      revision: () => this.#fleet.revision + this.#cooling.revision + this.quota.revision + this.#hold.revision,
      isPaused: () => this.#pause !== null,
    });
  }

  /**
   * To be called in the turn in which the job is given to the store: the offer is then made in the same commit. Resolves with true when it
   * was. With false when somebody waits already, nobody is free, or the parameters must be looked at again: then the job waits in line, as
   * soon as it is stored.
   */
  async offerAtOnce(job: NewJob): Promise<boolean> {
    if (this.#queue.size > 0 || this.#pause !== null || this.#disposed) return false;
    const { id, account, automation, selector, priority, digest } = job;
    if (this.#hold.reasonFor(account) !== null) return false;
    const misfits: readonly string[] = [];
    const demand = { account, automation, selector: parseLabelSelector(selector), misfits };
    const agent = this.quota.holds(account) ? null : this.#agentFor(demand, this.#fleet.serving(account));
    if (agent === null || !isCheckedAgainst(job, agent)) return false;
    const createdAt = this.#clock.now();
    return this.#offer({ id, account, automation, selector, priority, createdAt, digest, misfits }, agent);
  }

  jobChanged(job: JobRecord): void {
    if (job.state === 'queued') {
      if (this.#offering.has(job.id)) return;
      const { id, account, automation, selector, priority, createdAt, digest } = job;
      this.#queue.add({ id, account, automation, selector, priority, createdAt, digest, misfits: [] });
      this.wake();
      return;
    }
    this.#queue.remove(job.id);
    this.#offering.delete(job.id);
  }

  attemptChanged(attempt: AttemptRecord): void {
    if (this.quota.attemptChanged(attempt)) this.wake();
    this.#timeouts.attemptChanged(attempt);
    if (attempt.state === 'running') this.#cooling.succeeded(attempt.agentId, attempt.automation);
    if (attempt.result?.outcome === 'never-started') {
      this.#offers.refused('never-started');
      this.declined(attempt.agentId, attempt.automation);
    }
  }

  /** The agent said no, or could not: it is left alone for a moment, and another may take the job meanwhile. */
  declined(agentId: string, automation: string): void {
    if (!this.#disposed) this.#cooling.refused(agentId, automation);
  }

  /** How many jobs of the account wait for an agent. */
  queued(account: string | null): number {
    return account === null ? this.#queue.size : this.#queue.sizeOf(account);
  }

  /** In a turn of its own, so that what comes in at once is one pass, and others have their turns between two. */
  wake(): void {
    if (this.#passAsked || this.#pause !== null || this.#disposed) return;
    this.#passAsked = true;
    setImmediate(() => {
      this.#passAsked = false;
      this.#pass();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#timeouts[Symbol.dispose]();
    this.#cooling[Symbol.dispose]();
    this.#pause?.cancel();
    this.#loop[Symbol.dispose]();
    await Promise.all(this.#inFlight);
  }

  /** In each round every account places one job, so that they alternate. A lane that nobody can serve now is looked at once. */
  #pass(): void {
    const lines = new Map<string, LaneLine>();
    const held = new Set<string>();
    let placed = true;
    while (placed && this.#pause === null && !this.#disposed) {
      placed = false;
      for (const account of this.#queue.accountsByTurn()) {
        if (this.#hold.reasonFor(account) !== null || this.quota.holds(account)) {
          held.add(account);
          continue;
        }
        const line = lines.get(account) ?? new LaneLine(this.#hasRoom(account) ? this.#queue.lanes(account) : []);
        lines.set(account, line);
        if (!this.#placeOne(line)) continue;
        this.#queue.tookTurn(account);
        placed = true;
      }
    }
    if (this.#pause === null) this.#barren.passed(held);
    this.#loop.turned();
  }

  /** An agent may take work that it could not take before. */
  #freshened(agent: LiveAgent | undefined): void {
    if (agent !== undefined) this.#barren.freshened(agent);
    this.wake();
  }

  #describe(): string {
    const waiting = `${this.#queue.size} jobs wait, ${this.#offering.size} are being offered`;
    return this.#pause === null ? waiting : `${waiting}; the store failed, and is asked again in a moment`;
  }

  #hasRoom(account: string): boolean {
    return this.#fleet.serving(account).some(isFree);
  }

  /** False when nothing that stands in line can be placed now. */
  #placeOne(line: LaneLine): boolean {
    for (let lane = line.next(); lane !== null; lane = line.next()) {
      const [job] = lane.jobs;
      const agent = this.#agentFor(lane, this.#barren.candidates(lane, this.#fleet.serving(lane.account)));
      if (agent === null) this.#barren.found(lane);
      if (job === undefined || agent === null) continue;
      this.#queue.remove(job.id);
      line.put(lane);
      void this.#offer(job, agent);
      return true;
    }
    return false;
  }

  #agentFor(demand: Demand, candidates: Iterable<LiveAgent>): LiveAgent | null {
    return leastLoaded(candidates, (agent) => this.#whyNotNow(agent, demand) === null);
  }

  #whyNotNow(agent: LiveAgent, demand: Demand): WaitingReason | null {
    const why = whyNot(demand, agent) ?? this.#hold.reasonFor(demand.account);
    const reason = why ?? (this.#cooling.isCooling(agent.id, demand.automation) ? 'declined' : null);
    return this.quota.reasonFor(demand.account, reason);
  }

  /** True when the offer is out. Never rejects: whatever goes wrong, the slot is free again and the job back in the queue. */
  #offer(job: QueuedJob, agent: LiveAgent): Promise<boolean> {
    const attemptId = this.#random.orderedUuid();
    this.#offering.add(job.id);
    this.#fleet.reserve(agent, attemptId, job.automation);
    this.quota.began(attemptId, job.account);
    const offering = this.#makeOffer(job, agent, attemptId);
    this.#track(offering);
    return offering;
  }

  async #makeOffer(job: QueuedJob, agent: LiveAgent, attemptId: string): Promise<boolean> {
    try {
      const back = await this.#tryOffer(job, agent, attemptId);
      if (back === null) return true;
      if (this.#offering.delete(job.id)) this.#queue.add(back);
    } catch (error) {
      this.#logger.error({ err: error, job: job.id }, 'the store did not take an offer; trying again');
      this.#loop.failed(error);
      this.#waitForStore();
      if (this.#offering.delete(job.id)) this.#queue.add(job);
    }
    this.#fleet.release(attemptId);
    this.quota.ended(attemptId);
    this.wake();
    return false;
  }

  /** Null when the offer is out; else the job as it goes back to the queue. */
  async #tryOffer(job: QueuedJob, agent: LiveAgent, attemptId: string): Promise<QueuedJob | null> {
    const leaseEpoch = agent.leaseEpoch;
    const automation = agent.automations.get(job.automation);
    if (leaseEpoch === null || automation === undefined) return job;
    if (!(await this.#fits(job, agent, automation))) return { ...job, misfits: [...job.misfits, automation.digest] };
    const answer = await this.#store.apply('offer-attempt', {
      jobId: job.id,
      attemptId,
      agentId: agent.id,
      leaseEpoch,
      digest: automation.digest,
      retrySafe: automation.retrySafe,
      at: this.#clock.now(),
    });
    switch (answer.type) {
      case 'offered':
        this.#offers.offered();
        agent.link?.publishAttempt(answer.attempt);
        return null;
      case 'not-queued':
        this.#offering.delete(job.id);
        return job;
      case 'lease-gone':
        this.#offers.refused('lease-gone');
        this.declined(agent.id, job.automation);
        return job;
    }
  }

  /** Checked again only where the agent offers another form of the automation than the parameters were validated against. */
  async #fits(job: QueuedJob, agent: LiveAgent, automation: AutomationSummary): Promise<boolean> {
    if (isCheckedAgainst(job, agent)) return true;
    const record = await this.#store.queries.job(job.account, job.id);
    return record === null || this.#schemas.fit(automation, record.parameters);
  }

  async #withdraw(attempt: AttemptRecord): Promise<void> {
    // Its agent may have taken it in a time that this store does not know of.
    if (this.#hold.reasonFor(attempt.account) !== null) return this.#timeouts.attemptChanged(attempt);
    // Before the job is queued again: it would be offered to the same agent at once.
    this.declined(attempt.agentId, attempt.automation);
    this.#offers.refused('no-answer');
    try {
      await this.#store.apply('withdraw-offer', {
        attemptId: attempt.id,
        why: 'timeout',
        message: null,
        at: this.#clock.now(),
      });
    } catch (error) {
      this.#logger.error({ err: error, attempt: attempt.id }, 'the store did not take back an offer; trying again');
      if (!this.#disposed) this.#timeouts.attemptChanged(attempt);
    }
  }

  #waitForStore(): void {
    if (this.#disposed) return;
    const retry = () => {
      this.#pause = null;
      this.wake();
    };
    this.#pause ??= this.#clock.schedule(storeRetryMs, retry, { background: true });
  }

  #track(work: Promise<unknown>): void {
    this.#inFlight.add(work);
    void work.finally(() => this.#inFlight.delete(work));
  }
}
