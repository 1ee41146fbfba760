import type { Waiting } from '../../protocol/job.ts';
import { type LabelSelector, parseLabelSelector } from '../../protocol/label-selector.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { LiveAgent } from '../fleet/live-agent.ts';
import type { AttemptRecord, JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { Cooling } from './cooling.ts';
import { JobQueue, type Lane, type QueuedJob } from './job-queue.ts';
import { OfferTimeouts } from './offer-timeouts.ts';
import { ParameterSchemas } from './parameter-fit.ts';
import { whyNot } from './why-not.ts';

export interface SchedulerOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** How many queued jobs are loaded in one query at the start. */
const loadBatch = 1000;
/** How many jobs of a lane are looked at when its first ones do not fit the agent's form of the automation. */
const maxLookedAt = 100;
/** How soon a job is tried again after the store could not take the offer. */
const storeRetryMs = 1000;

/**
 * Brings queued jobs and free slots together. Runs when either changes, never on a timer: `wake` asks for a pass, and asking
 * often is one pass. It decides on what is in memory and offers through the store, which refuses what is no longer so.
 */
export class Scheduler implements AsyncDisposable {
  readonly #store: Store;
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #queue = new JobQueue();
  readonly #cooling: Cooling;
  readonly #timeouts: OfferTimeouts;
  readonly #schemas = new ParameterSchemas();
  readonly #selectors = new Map<string, LabelSelector>();
  /** Job id → digests of automations that its parameters do not fit. */
  readonly #misfits = new Map<string, Set<string>>();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #timers = new Set<Timer>();
  #passAsked = false;
  #disposed = false;

  constructor(options: SchedulerOptions) {
    this.#store = options.store;
    this.#fleet = options.fleet;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger;
    this.#cooling = new Cooling(options.clock);
    this.#timeouts = new OfferTimeouts(options.clock, (attempt) => this.#track(this.#withdraw(attempt)));
    this.#fleet.onRoom(() => this.wake());
  }

  /** Reads the queue and the offers that are out. */
  async load(): Promise<void> {
    let after: string | null = null;
    for (;;) {
      const jobs: readonly JobRecord[] = await this.#store.queries.queuedJobs(after, loadBatch);
      for (const job of jobs) this.#queue.add(job);
      if (jobs.length < loadBatch) break;
      after = jobs.at(-1)?.id ?? null;
    }
    this.wake();
  }

  get queued(): number {
    return this.#queue.size;
  }

  jobChanged(job: JobRecord): void {
    if (job.state === 'queued') {
      this.#queue.add(job);
      this.wake();
      return;
    }
    this.#queue.remove(job.id);
    if (job.state !== 'offered') this.#misfits.delete(job.id);
  }

  attemptChanged(attempt: AttemptRecord): void {
    this.#timeouts.attemptChanged(attempt);
    if (attempt.state === 'running') this.#cooling.succeeded(attempt.agentId, attempt.automation);
  }

  /** The agent said no: it is left alone for a moment. */
  declined(agentId: string, automation: string): void {
    this.#later(this.#cooling.refused(agentId, automation));
  }

  /** For each agent of the account, why it does not take this job. Empty when one can. */
  waiting(job: JobRecord): Waiting[] {
    const selector = this.#selectorOf(job.selector);
    const reasons: Waiting[] = [];
    for (const agent of this.#fleet.ofAccount(job.account)) {
      const reason = this.#whyNotNow(agent, { account: job.account, automation: job.automation, selector });
      const misfit = this.#isMisfit(job.id, agent, job.automation);
      if (reason !== null || misfit) reasons.push({ agent: agent.name, reason: reason ?? 'parameters' });
    }
    return reasons;
  }

  wake(): void {
    if (this.#passAsked || this.#disposed) return;
    this.#passAsked = true;
    queueMicrotask(() => {
      this.#passAsked = false;
      this.#pass();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#timeouts[Symbol.dispose]();
    for (const timer of this.#timers) timer.cancel();
    await Promise.allSettled(this.#inFlight);
  }

  #pass(): void {
    const blocked = new Set<Lane>();
    while (!this.#disposed && this.#placeOne(blocked)) {
      // One job is placed at each turn, so that accounts alternate.
    }
  }

  /** Places the job whose turn it is; false when nothing can be placed. Lanes nobody can serve are added to `blocked`. */
  #placeOne(blocked: Set<Lane>): boolean {
    for (const account of this.#queue.accountsByTurn()) {
      for (const lane of this.#queue.lanes(account)) {
        if (blocked.has(lane)) continue;
        const pair = this.#pair(lane);
        if (pair === null) {
          blocked.add(lane);
          continue;
        }
        this.#queue.tookTurn(account);
        this.#queue.remove(pair.job.id);
        const attemptId = this.#random.orderedUuid();
        this.#fleet.reserve(pair.agent, attemptId, lane.automation);
        this.#track(this.#offer(pair.job, pair.agent, attemptId));
        return true;
      }
    }
    return false;
  }

  #pair(lane: Lane): { readonly job: QueuedJob; readonly agent: LiveAgent } | null {
    const agents = this.#agentsFor(lane);
    if (agents.length === 0) return null;
    for (const job of lane.jobs.slice(0, maxLookedAt)) {
      const agent = agents.find((candidate) => !this.#isMisfit(job.id, candidate, lane.automation));
      if (agent !== undefined) return { job, agent };
    }
    return null;
  }

  /** Least loaded first. */
  #agentsFor(lane: Lane): LiveAgent[] {
    const demand = { account: lane.account, automation: lane.automation, selector: this.#selectorOf(lane.selector) };
    const able: LiveAgent[] = [];
    for (const agent of this.#fleet.ofAccount(lane.account)) {
      if (this.#whyNotNow(agent, demand) === null) able.push(agent);
    }
    return able.sort((a, b) => a.busyTotal / a.slots - b.busyTotal / b.slots);
  }

  #whyNotNow(agent: LiveAgent, demand: Parameters<typeof whyNot>[0]): Waiting['reason'] | null {
    return whyNot(demand, agent) ?? (this.#cooling.isCooling(agent.id, demand.automation) ? 'declined' : null);
  }

  async #offer(job: QueuedJob, agent: LiveAgent, attemptId: string): Promise<void> {
    const leaseEpoch = agent.leaseEpoch;
    const automation = agent.automations.get(job.automation);
    if (leaseEpoch === null || automation === undefined || !(await this.#fits(job, agent))) {
      this.#fleet.release(attemptId);
      this.#queue.add(job);
      this.wake();
      return;
    }
    const at = this.#clock.now();
    try {
      const answer = await this.#store.apply('offer-attempt', {
        jobId: job.id,
        attemptId,
        agentId: agent.id,
        leaseEpoch,
        digest: automation.digest,
        at,
      });
      if (answer.type === 'offered') {
        agent.link?.publishAttempt(answer.attempt);
        return;
      }
      this.#fleet.release(attemptId);
      if (answer.type === 'lease-gone') {
        this.#queue.add(job);
        this.declined(agent.id, job.automation);
      }
    } catch (error) {
      this.#logger.error({ err: error, job: job.id }, 'the store did not take an offer; trying again');
      this.#fleet.release(attemptId);
      this.#queue.add(job);
      this.#later(storeRetryMs);
    }
  }

  /** Checked again only where the agent offers another form of the automation than the parameters were validated against. */
  async #fits(job: QueuedJob, agent: LiveAgent): Promise<boolean> {
    const automation = agent.automations.get(job.automation);
    if (automation === undefined) return false;
    if (automation.digest === job.digest || automation.parameters === null) return true;
    const record = await this.#store.queries.job(job.account, job.id);
    if (record === null || this.#schemas.fit(automation, record.parameters)) return true;
    const misfits = this.#misfits.get(job.id) ?? new Set();
    this.#misfits.set(job.id, misfits.add(automation.digest));
    return false;
  }

  #isMisfit(jobId: string, agent: LiveAgent, automation: string): boolean {
    const digest = agent.automations.get(automation)?.digest;
    return digest !== undefined && this.#misfits.get(jobId)?.has(digest) === true;
  }

  async #withdraw(attempt: AttemptRecord): Promise<void> {
    try {
      await this.#store.apply('withdraw-offer', {
        attemptId: attempt.id,
        why: 'timeout',
        message: null,
        at: this.#clock.now(),
      });
      this.declined(attempt.agentId, attempt.automation);
    } catch (error) {
      this.#logger.error({ err: error, attempt: attempt.id }, 'the store did not take back an offer; trying again');
      this.#timeouts.attemptChanged(attempt);
    }
  }

  #selectorOf(text: string): LabelSelector {
    const known = this.#selectors.get(text);
    if (known !== undefined) return known;
    if (this.#selectors.size > 10_000) this.#selectors.clear();
    const selector = parseLabelSelector(text);
    this.#selectors.set(text, selector);
    return selector;
  }

  #later(delayMs: number): void {
    const timer = this.#clock.schedule(
      delayMs,
      () => {
        this.#timers.delete(timer);
        this.wake();
      },
      { background: true },
    );
    this.#timers.add(timer);
  }

  #track(work: Promise<void>): void {
    this.#inFlight.add(work);
    void work.finally(() => this.#inFlight.delete(work));
  }
}
