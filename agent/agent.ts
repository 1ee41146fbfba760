import type { AgentDesired, AgentReport } from '../protocol/agent-report.ts';
import type { Offer } from '../protocol/offer.ts';
import type { Logger } from '../runtime/logger.ts';
import { sleep } from '../runtime/sleep.ts';
import { type AgentCounter, createAgentCounter } from './agent-counts.ts';
import { AgentError } from './agent-error.ts';
import type { AgentOptions } from './agent-options.ts';
import { type AgentParts, createAgentParts } from './agent-parts.ts';
import type { AgentState } from './agent-state.ts';
import { type AgentStatus, toAgentStatus } from './agent-status.ts';
import { createBell } from './attempts/bell.ts';
import { type DrainOptions, drainAttempts } from './attempts/drain-attempts.ts';
import { openSpool } from './attempts/spool.ts';
import { openTombstones, type Tombstones } from './attempts/tombstones.ts';
import { formatMistake } from './automations/catalog-mistake.ts';
import { type DataFolder, makeDataFolder, toDataFolder } from './data-folder.ts';
import type { Decline } from './dispatch.ts';
import { enrol } from './enrolment.ts';
import { findExecutorProblems } from './executors/executor-problems.ts';
import { checkFolderFormat } from './folder-format.ts';
import { openHubGuard } from './hub-guard.ts';
import { type Identity, loadIdentity } from './identity.ts';
import type { LinkState } from './link-state.ts';
import { createOnce, type Once, type OnceEnd } from './once.ts';
import { toWayProblem } from './ways/to-way-problem.ts';

/** How an agent's work came to its end: `drained` when nothing runs and the hub has it all, `left` when something may run on. */
export type AgentEnd = OnceEnd | { readonly type: 'drained' } | { readonly type: 'left' };

/**
 * An agent in this process. Disposing leaves at once: channels are closed, commands run on, and the next agent on the same
 * data folder adopts them.
 */
export interface Agent extends AsyncDisposable {
  readonly state: AgentState;
  /** Resolves when the first control channel is up. Rejects with `AgentError` when the agent cannot start; dispose of it then. */
  readonly ready: Promise<void>;
  /** Resolves with how its work ended: after one job in mode `once`, after `drain`, or after disposing. Never rejects. */
  readonly ended: Promise<AgentEnd>;
  status(): AgentStatus;
  /** Takes no more work, lets what runs end, then leaves. A second call changes nothing; `dispose` cuts it short. Never rejects. */
  drain(options: DrainOptions): Promise<AgentEnd>;
}

const tombstoneSweepMs = 3600 * 1000;
const draining: Decline = { reason: 'draining', message: 'this agent takes no more work' };

class AgentProcess implements Agent {
  readonly ready: Promise<void>;
  readonly ended: Promise<AgentEnd>;
  readonly #options: AgentOptions;
  readonly #logger: Logger;
  readonly #folder: DataFolder;
  readonly #bootId: string;
  readonly #leaving = new AbortController();
  readonly #counter: AgentCounter;
  readonly #attemptsChanged = createBell();
  readonly #end: (end: AgentEnd) => void;
  readonly #once: Once | null;
  readonly #running: Promise<void>;
  #state: AgentState = 'starting';
  #parts: AgentParts | null = null;
  #desired: AgentDesired = { schedulable: true, drain: false, note: null, replaceKey: null };
  #announceReady: () => void = () => {};
  #drained: Promise<AgentEnd> | null = null;
  #disposed: Promise<void> | null = null;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#counter = createAgentCounter(options.clock);
    this.#logger = options.logger.child({ agent: options.name });
    this.#folder = toDataFolder(options.dataFolder);
    this.#bootId = options.random.uuid();
    const { promise: ended, resolve: end } = Promise.withResolvers<AgentEnd>();
    this.ended = ended;
    this.#end = end;
    this.#once =
      options.mode.type === 'once'
        ? createOnce({ ...options.mode, clock: options.clock, attempts: () => this.#mustParts().attempts })
        : null;
    void this.#once?.ended.then(end);
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    this.#announceReady = resolve;
    this.ready = ready;
    // Whoever does not ask for it does not need to hear of it: `ended` tells too.
    ready.catch(() => {});
    this.#running = this.#run().catch((error: unknown) => {
      reject(error);
      this.#end({ type: 'left' });
    });
  }

  get state(): AgentState {
    return this.#state;
  }

  status(): AgentStatus {
    const parts = this.#parts;
    return toAgentStatus({
      state: this.#state,
      name: this.#options.name,
      version: this.#options.version,
      id: parts?.identity.id ?? null,
      link: parts?.link.state ?? { type: 'idle' },
      network: this.#options.network?.(parts?.link.ways.find(({ state }) => state === 'used')?.url ?? null) ?? null,
      ways: parts?.link.ways ?? [],
      slots: parts?.dispatch.slots ?? { total: this.#options.slots, used: 0 },
      attempts: parts?.attempts.list() ?? [],
      health: this.#health(),
      desired: this.#desired,
      catalog: this.#options.catalog.current,
      executors: this.#options.executors,
      spoolBytes: parts?.spool.bytes ?? 0,
      loopLag: this.#options.loopLag.latest,
      admission: parts?.admission.current ?? null,
      spoolFreeBytes: parts?.spool.freeBytes ?? null,
      counts: this.#counter.counts,
      times: this.#counter.times,
      events: parts?.clients.counts ?? {},
      loops: this.#options.loops.list(),
      clock: this.#options.clock,
      jobLog: this.#options.jobLog?.status ?? null,
      kubernetes: this.#options.kubernetes?.status ?? null,
      clusters: parts?.inventories.clusters ?? [],
    });
  }

  drain(options: DrainOptions): Promise<AgentEnd> {
    this.#drained ??= this.#drain(options);
    return this.#drained;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#leave();
    return this.#disposed;
  }

  #setState(state: AgentState): void {
    this.#logger.info({ from: this.#state, to: state }, 'agent state changed');
    this.#state = state;
    this.#parts?.report.changed();
  }

  #mustParts(): AgentParts {
    if (this.#parts === null) throw new Error('the agent has not started');
    return this.#parts;
  }

  /** The whole life: folder, identity, recovery, then the link, in this order. Ends when the agent leaves. */
  async #run(): Promise<void> {
    const { fileSystem, clock, dataFolder } = this.#options;
    const { signal } = this.#leaving;
    using _lock = this.#takeLock(dataFolder);
    await makeDataFolder(fileSystem, this.#folder);
    await checkFolderFormat(fileSystem, this.#folder);
    const identity = await this.#identify(signal);
    const tombstones = openTombstones(fileSystem, this.#folder.tombstones);
    const spool = await openSpool({
      fs: fileSystem,
      folder: this.#folder.root,
      reserve: this.#folder.reserve,
      limits: this.#options.limits.spool,
      freeBytes: this.#options.freeBytes,
      logger: this.#logger,
    });
    const parts = createAgentParts({
      options: this.#options,
      logger: this.#logger,
      folder: this.#folder,
      bootId: this.#bootId,
      identity,
      spool,
      tombstones,
      guard: await openHubGuard(fileSystem, this.#folder),
      counter: this.#counter,
      refuse: (offer) => this.#refuse(offer),
      health: () => this.#health(),
      onDesired: (desired) => {
        this.#desired = desired;
      },
      onLink: (state) => this.#linkChanged(state),
      onAttempt: (attempt) => {
        this.#once?.changed(attempt);
        this.#attemptsChanged.ring();
      },
    });
    this.#parts = parts;
    this.#options.jobLog?.onChange(() => parts.report.changed());
    this.#options.kubernetes?.onChange(() => parts.report.changed());
    try {
      await parts.attempts.recover();
      if (this.#state === 'starting') this.#setState('serving');
      this.#once?.startWaiting();
      await Promise.all([
        parts.link.run(signal),
        this.#sweepTombstones(tombstones, clock.now()),
        parts.probes?.run(signal),
      ]);
    } finally {
      await parts.attempts.leave();
      this.#options.jobLog?.onChange(() => {});
      this.#options.kubernetes?.onChange(() => {});
      await parts.inventories[Symbol.asyncDispose]();
      await parts.clients[Symbol.asyncDispose]();
      parts.report[Symbol.dispose]();
      parts.dispatch[Symbol.dispose]();
      parts.admission[Symbol.dispose]();
      parts.sessionLoop[Symbol.dispose]();
      parts.news[Symbol.dispose]();
      this.#once?.[Symbol.dispose]();
    }
  }

  #takeLock(folder: string): Disposable {
    try {
      return this.#options.takeOwnerLock(folder);
    } catch (cause) {
      throw new AgentError('data-folder', cause instanceof Error ? cause.message : `cannot lock ${folder}`, { cause });
    }
  }

  #identify(signal: AbortSignal): Promise<Identity> {
    const { enrolment, fileSystem, name, labels, fetch, clock, random } = this.#options;
    const logger = this.#logger;
    return loadIdentity(fileSystem, this.#folder, {
      enrol:
        enrolment === null
          ? null
          : (key) => enrol({ ...enrolment, key, name, labels, fetch, clock, random, logger, signal }),
      logger,
    });
  }

  #refuse(offer: Offer): Decline | null {
    const stopped = this.#state !== 'serving' || this.#desired.drain || !this.#desired.schedulable;
    return stopped ? draining : (this.#once?.refuse(offer) ?? null);
  }

  #linkChanged(state: LinkState): void {
    this.#counter.linkChanged(state);
    if (state.type === 'up') this.#announceReady();
    this.#parts?.report.changed();
  }

  #health(): AgentReport['health'] {
    const mistakes = [
      ...this.#options.catalog.current.mistakes.map(formatMistake),
      ...findExecutorProblems(this.#options.executors, this.#options.catalog.current.automations.values()),
      ...(this.#parts?.probes?.problems() ?? []),
      ...(this.#options.kubernetes?.problems() ?? []),
      ...(this.#parts?.inventories.problems() ?? []),
      ...this.#jobLogProblems(),
      ...this.#wayProblems(),
      ...(this.#parts?.admission.current.reasons ?? []).map(({ message }) => `takes no jobs: ${message}`),
    ];
    const link = this.#parts?.link.state;
    if (link?.type === 'distrusted') return { state: 'store-changed', problems: [link.message, ...mistakes] };
    const stopped = this.#state !== 'serving' || this.#desired.drain;
    if (stopped && this.#state !== 'starting') return { state: 'draining', problems: mistakes };
    return { state: mistakes.length === 0 ? 'ok' : 'degraded', problems: mistakes };
  }

  #jobLogProblems(): readonly string[] {
    const { place, problem = null } = this.#options.jobLog?.status ?? {};
    return problem === null ? [] : [`job log ${place} ${problem}`];
  }

  #wayProblems(): readonly string[] {
    const problem = toWayProblem(this.#parts?.link.ways ?? []);
    return problem === null ? [] : [problem];
  }

  async #sweepTombstones(tombstones: Tombstones, startedAt: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#leaving;
    using loop = this.#options.loops.open('tombstones');
    for (let at = startedAt; !signal.aborted; at = clock.now()) {
      try {
        loop.does('forgets attempts that ended long ago');
        await tombstones.sweep(at);
        loop.turned();
      } catch (err) {
        loop.failed(err);
        this.#logger.warn({ err }, 'old tombstones cannot be removed');
      }
      loop.does('waits for its time', { nextInMs: tombstoneSweepMs });
      await sleep(clock, tombstoneSweepMs, signal);
    }
  }

  async #drain(options: DrainOptions): Promise<AgentEnd> {
    if (this.#state === 'starting' || this.#state === 'serving') this.#setState('draining');
    await drainAttempts({
      ...options,
      attempts: () => this.#parts?.attempts.list() ?? [],
      changed: this.#attemptsChanged,
      clock: this.#options.clock,
      leaving: this.#leaving.signal,
    });
    const isEmpty = (this.#parts?.attempts.list().length ?? 0) === 0;
    const end: AgentEnd = { type: isEmpty ? 'drained' : 'left' };
    this.#end(end);
    await this[Symbol.asyncDispose]();
    return end;
  }

  async #leave(): Promise<void> {
    this.#setState('leaving');
    this.#leaving.abort();
    await this.#running;
    this.#end({ type: 'left' });
    this.#setState('left');
  }
}

/** Starts an agent: recovery first, then the link. What it needs comes in; what it opens it closes. */
export function createAgent(options: AgentOptions): Agent {
  return new AgentProcess(options);
}
