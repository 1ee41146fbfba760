import type { Change } from '../../hub/store/store.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createVirtualClock, type VirtualClock } from '../../runtime/virtual-clock.ts';
import type { MemoryConnection } from '../../transports/memory/connection.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../transports/memory/network.ts';
import { createSimulatedCatalog } from './automations.ts';
import { HandoverWatch } from './handover-watch.ts';
import { isProgramFault } from './is-program-fault.ts';
import { LateCancels } from './late-cancels.ts';
import { RealWork } from './real-work.ts';
import type { RunTruth } from './run-truth.ts';
import type { Schedule } from './schedule.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';
import { SimulatedAgent, type SimulatedAgentOptions } from './simulated-agent.ts';
import { SimulatedClient } from './simulated-client.ts';
import { type PodRequest, SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedHub } from './simulated-hub.ts';
import { SimulatedPod } from './simulated-pod.ts';
import type { Launch } from './simulated-wrapper.ts';
import { StateWatch } from './state-watch.ts';
import { StoreHistory } from './store-history.ts';
import { Trace } from './trace.ts';
import { watchProgress } from './watch-progress.ts';
import { createWatchedLogger, type LoggedLine } from './watched-logger.ts';

const catalog = createSimulatedCatalog();
/** Between two looks whether somebody who ended by itself is to be started again. */
const supervisorMs = 1_000;

/** Everything there is in one run: a hub, agents with their machines, a network, somebody who wants jobs run, and who sees all of it. */
export class World {
  readonly schedule: Schedule;
  readonly clock: VirtualClock = createVirtualClock();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: MemoryNetwork;
  readonly hub: SimulatedHub;
  readonly agents: readonly SimulatedAgent[];
  readonly client: SimulatedClient;
  /** Every command that ran. */
  readonly runs: RunTruth[] = [];
  /** What is wrong whatever comes later. */
  readonly violations: string[] = [];
  readonly states: StateWatch;
  readonly stores = new StoreHistory();
  /** Agents that live, or lived, on a copy of another's folder. */
  readonly copies: SimulatedAgent[] = [];
  /** Attempts that were in a folder when it was copied: each of the two agents ends them in its way, and cleans up behind them. */
  readonly copied = new Set<string>();
  /** Those of them that had not begun by what the copy says, and those that went to another pod by a store that somebody trusts: nobody can tell which of the two may run them. */
  readonly doubtful = new Set<string>();
  readonly lateCancels: LateCancels;
  readonly cluster: SimulatedCluster;
  readonly handovers: HandoverWatch;
  readonly realWork: RealWork;
  /** Nothing goes wrong any more. */
  isHealed = false;
  readonly #ids: readonly string[];
  /** Connections to a hub that is no more: nothing new comes on them. */
  readonly #deaf = new WeakSet<MemoryConnection>();
  readonly #logger: Logger;

  constructor(schedule: Schedule, keeps: 'nothing' | 'events' | 'all') {
    this.schedule = schedule;
    const { clock } = this;
    this.random = createSeededRandom(`run ${schedule.seed}`, () => clock.now());
    this.trace = new Trace({ now: () => clock.monotonic(), keeps });
    this.network = createMemoryNetwork({ clock, random: this.random.fork('network') });
    this.states = new StateWatch((violation) => this.violates(violation));
    this.#logger = createWatchedLogger((line) => this.#logged(line));
    this.lateCancels = new LateCancels({
      isActedOn: (attempt) =>
        this.handovers.isInPod(attempt)
          ? this.cluster.podsOf(attempt).some((pod) => pod.isActedOn)
          : this.everyAgent().some(
              (agent) => agent.read(attempt, 'document.json') !== null || agent.machine.alive(attempt).length > 0,
            ),
      hasSession: (attempt) =>
        this.network.connections.some(
          (one) => one.target === `/v1/sessions/${attempt}` && (!this.#deaf.has(one) || one.inFlightBytes('down') > 0),
        ),
    });
    this.cluster = new SimulatedCluster((request) => this.#createPod(request));
    this.handovers = new HandoverWatch({
      podsOf: (attempt) => this.cluster.podsOf(attempt),
      violates: (violation) => this.violates(violation),
    });
    this.realWork = new RealWork(clock);
    this.hub = new SimulatedHub({
      clock,
      random: this.random.fork('hub'),
      network: this.network,
      lostAfterMs: schedule.lostAfterMs,
      correctionWindowMs: schedule.correctionWindowMs,
      retention: schedule.retention,
      logger: this.#logger,
      realWork: this.realWork,
      onOperation: (name) => this.#operated('hub', name),
      onChanges: (changes) => this.#changed(changes),
      onLogRemoval: (attempt) => this.states.logRemoved(attempt),
    });
    this.client = new SimulatedClient({
      hub: this.hub,
      clock,
      random: this.random.fork('client'),
      trace: this.trace,
    });
    this.#ids = Array.from({ length: schedule.agents }, () => this.random.orderedUuid());
    this.agents = this.#ids.map((id, index) => this.#createAgent({ id, name: `agent${index}`, copyOf: null }));
  }

  /** Those on copies too. */
  everyAgent(): readonly SimulatedAgent[] {
    return [...this.agents, ...this.copies];
  }

  /** A second agent on another machine, with all that is in the agent's folder at this moment. */
  copyAgent({ name: original, machine }: SimulatedAgent, { sameBoot }: { readonly sameBoot: boolean }): SimulatedAgent {
    const name = `${original}-copy${this.copies.length}`;
    const copy = this.#createAgent({ id: '', name, copyOf: { machine, sameBoot } });
    this.copies.push(copy);
    for (const attempt of copy.folders()) {
      this.copied.add(attempt);
      const begun = sameBoot ? copy.read(attempt, 'started') !== null : hasWholeDocument(copy, attempt);
      if (!begun) this.doubtful.add(attempt);
    }
    return copy;
  }

  /** A command that nobody could keep from running anew: `StoreHistory`. */
  isTrustedAnew(run: Pick<RunTruth, 'agent' | 'startedAt'>): boolean {
    const isForgetful = this.schedule.faults.some((fault) => fault.type === 'lose-disk');
    const owner = this.cluster.pods.find(({ name }) => name === run.agent)?.owner ?? run.agent;
    return this.stores.isTrustedAnew({ agent: owner, startedAt: run.startedAt, isForgetful });
  }

  violates(violation: string): void {
    this.trace.event(`VIOLATION ${violation}`);
    this.violations.push(violation);
  }

  async begin(): Promise<void> {
    const store = this.hub.openAside();
    const at = this.clock.now();
    const token = {
      id: this.random.orderedUuid(),
      account: 'default',
      usesLeft: null,
      expiresAt: null,
      allowedLabels: [],
      labels: {},
      ephemeral: false,
    };
    await store.apply('create-join-token', { token, hash: 'token', actor: 'world', at });
    for (const [index, agentId] of this.#ids.entries()) {
      await store.apply('enrol-agent', {
        joinTokenHash: 'token',
        agentId,
        name: `agent${index}`,
        publicKey: `AAAA${index}`,
        claimedLabels: {},
        at,
      });
    }
    this.startHub();
    for (const agent of this.agents) this.startAgent(agent);
    watchProgress(this);
  }

  #createAgent(who: Pick<SimulatedAgentOptions, 'id' | 'name' | 'copyOf'>): SimulatedAgent {
    return new SimulatedAgent({
      ...who,
      slots: this.schedule.slots,
      clock: this.clock,
      random: this.random.fork(who.name),
      network: this.network,
      catalog,
      logger: this.#logger,
      scriptOf: (job) => this.#scriptOf(job),
      onOperation: (name) => this.#operated(who.name, name),
      onRun: (run) => this.#ran(run),
      onFence: (launch) => this.#fenced(launch),
      cluster: this.cluster,
      onFrame: (attempt, frame, by) => {
        this.handovers.agentHears(attempt, frame);
        const isGiven = frame.type === 'job' && frame.document !== null;
        if (isGiven && !this.handovers.isInPod(attempt)) this.lateCancels.received(attempt, by);
      },
    });
  }

  #createPod(request: PodRequest): SimulatedPod {
    const name = `${request.owner}-pod${this.cluster.pods.length}`;
    return new SimulatedPod({
      ...request,
      name,
      comeMs: this.schedule.comeMs ?? 900_000,
      clock: this.clock,
      random: this.random.fork(name),
      network: this.network,
      logger: this.#logger,
      scriptOf: (job) => this.#scriptOf(job),
      onOperation: (who, operation) => this.#operated(who, operation),
      onEvent: (text) => this.trace.event(text),
      onRun: (run) => this.#ran(run),
      onFence: (launch) => this.#fenced(launch),
      onFrame: (pod, heard) => {
        const isTrusted = this.isTrustedAnew({ agent: pod.name, startedAt: this.clock.monotonic() });
        if (this.handovers.runnerHears(pod, heard, isTrusted)) this.doubtful.add(pod.attempt);
        if (heard.hasDocument) this.lateCancels.received(pod.attempt, heard.by);
      },
    });
  }

  #fenced({ job, part }: Launch): void {
    if (this.lateCancels.mustNotStart(job))
      this.violates(`the ${part} of ${this.#nameOf(job)} is started behind a cancel that came in time`);
  }

  #operated(who: string, name: string): void {
    this.trace.detail(`${who}: ${name}`);
  }

  startHub(): void {
    if (this.hub.process !== null) return;
    this.trace.event('hub starts');
    this.hub.start().catch((error: unknown) => this.violates(`the hub cannot start: ${String(error)}`));
  }

  startAgent(agent: SimulatedAgent): void {
    if (agent.process !== null) return;
    this.trace.event(`${agent.name} starts`);
    const started = agent.start();
    void started.agent.ended.then(() => {
      this.clock.schedule(supervisorMs, () => {
        if (agent.process !== started.process || !started.process.isAlive) return;
        this.trace.event(`${agent.name} ended by itself`);
        agent.crash('kill');
        this.startAgent(agent);
      });
    });
  }

  crashHub(how: 'kill' | 'power'): void {
    if (this.hub.process === null) return;
    this.trace.event(`hub dies (${how})`);
    this.hub.crash(how);
    for (const connection of this.network.connections) {
      this.#deaf.add(connection);
      if (how === 'kill') connection.cut();
      else for (const direction of ['up', 'down'] as const) connection.silence(direction);
    }
  }

  crashAgent(agent: SimulatedAgent, how: 'kill' | 'power'): void {
    if (agent.process === null && how === 'kill') return;
    this.trace.event(`${agent.name} dies (${how})`);
    agent.crash(how);
  }

  /** Goes on for so long; whatever waits for a turn of the loop has it before time passes. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.clock.monotonic() + durationMs;
    let isOver = false;
    this.clock.schedule(durationMs, () => {
      isOver = true;
    });
    while (!isOver) {
      for (let turn = 0; turn < 3; turn++) await this.clock.settle();
      await this.realWork.settled();
      await this.clock.advanceToNext();
    }
    if (this.clock.monotonic() !== untilMs) throw new Error('expected the clock to stop where it was told to');
  }

  #scriptOf(job: string) {
    const planned = this.client.plans.get(job);
    if (planned === undefined) throw new Error(`expected a job that was submitted, got ${job}`);
    return planned.script;
  }

  #ran(run: RunTruth): void {
    this.trace.event(`${run.agent}: the ${run.part} of attempt ${run.attempt} of ${this.#nameOf(run.job)} runs`);
    this.runs.push(run);
  }

  #nameOf(job: string): string {
    return this.client.plans.get(job)?.name ?? job;
  }

  #changed(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'job') {
        const { id, state, cause, started, attemptNumber } = change.job;
        this.trace.event(
          `store: ${this.#nameOf(id)} ${state} ${cause ?? ''} started=${started} attempt=${attemptNumber}`,
        );
        this.states.see(change.job);
        this.lateCancels.seeJob(change.job);
      } else if (change.type === 'attempt') {
        const { id, jobId, state, desired, handover, result } = change.attempt;
        const given = handover === null ? '' : ` ${handover.state} to ${handover.runner?.folderId ?? 'nobody yet'}`;
        this.trace.event(
          `store: attempt ${id} of ${this.#nameOf(jobId)} ${state} desired=${desired}${given} ${result?.message ?? ''}`.trimEnd(),
        );
        this.states.seeAttempt(change.attempt);
        this.handovers.seeAttempt(change.attempt);
        this.lateCancels.seeAttempt(change.attempt);
      }
    }
  }

  #logged({ level, message, fields }: LoggedLine): void {
    const error = fields['err'] ?? fields['error'];
    const told = error instanceof Error ? ` (${error.message})` : '';
    if (message.startsWith('not all agents that were here are back')) this.stores.waitedInVain(this.clock.monotonic());
    const text = [fields['process'], `${level}:`, message + told, fields['reason']].join(' ').trim();
    if (level === 'debug' || level === 'info') this.trace.detail(text);
    else this.trace.event(text);
    if (isProgramFault(error)) this.violates(`a fault in the program: ${message}: ${(error as Error).stack}`);
  }
}

/** One whose first write was torn counts as none: the agent asks for it again. */
function hasWholeDocument(agent: SimulatedAgent, attempt: string): boolean {
  const text = agent.read(attempt, 'document.json');
  try {
    return text !== null && JSON.parse(text) !== null;
  } catch {
    return false;
  }
}
