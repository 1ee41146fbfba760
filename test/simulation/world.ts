import { createTextMask } from '../../agent/masking/text-mask.ts';
import type { Change } from '../../hub/store/store.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createVirtualClock, type VirtualClock } from '../../runtime/virtual-clock.ts';
import type { MemoryConnection } from '../../transports/memory/connection.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../transports/memory/network.ts';
import { createSimulatedCatalog } from './automations.ts';
import { LateCancels } from './late-cancels.ts';
import type { RunTruth } from './run-truth.ts';
import type { Schedule } from './schedule.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';
import { SimulatedAgent, type SimulatedAgentOptions } from './simulated-agent.ts';
import { SimulatedClient } from './simulated-client.ts';
import { SimulatedHub } from './simulated-hub.ts';
import { StateWatch } from './state-watch.ts';
import { Trace } from './trace.ts';
import { createWatchedLogger, type LoggedLine } from './watched-logger.ts';

const catalog = createSimulatedCatalog();
/** Between two looks whether somebody who ended by itself is to be started again. */
const supervisorMs = 1_000;
const progressLookMs = 500;

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
  /** When the hub's store became an older one, by the clock of the world. */
  readonly restores: { readonly how: 'backup' | 'copy'; readonly atMs: number }[] = [];
  /** When somebody on an agent's machine said that the hub's store may be trusted. */
  readonly trusts: { readonly agent: string; readonly atMs: number }[] = [];
  /** Agents that live, or lived, on a copy of another's folder. */
  readonly copies: SimulatedAgent[] = [];
  /** Attempts that were in a folder when it was copied: each of the two agents ends them in its way, and cleans up behind them. */
  readonly copied = new Set<string>();
  /** Those of them that had not begun by what the copy says: nobody can tell which of the two may run them. */
  readonly doubtful = new Set<string>();
  readonly lateCancels: LateCancels;
  /** When a hub that had started went on without agents that had been there. */
  readonly #waitedInVain: number[] = [];
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
        this.everyAgent().some(
          (agent) => agent.read(attempt, 'document.json') !== null || agent.machine.alive(attempt).length > 0,
        ),
      hasSession: (attempt) =>
        this.network.connections.some(
          (one) => one.target === `/v1/sessions/${attempt}` && (!this.#deaf.has(one) || one.inFlightBytes('down') > 0),
        ),
    });
    this.hub = new SimulatedHub({
      clock,
      random: this.random.fork('hub'),
      network: this.network,
      lostAfterMs: schedule.lostAfterMs,
      correctionWindowMs: schedule.correctionWindowMs,
      retention: schedule.retention,
      logger: this.#logger,
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

  /**
   * *Never twice* ends where somebody trusts a store that came back, and where an agent forgot what it saw of the one before. Of a store whose bare files
   * were put back only those know who saw more: another agent may be given what they ran once somebody trusts it on their machines, and where the hub
   * waited in vain for all to be back.
   */
  isTrustedAnew({ agent, startedAt }: RunTruth): boolean {
    const restore = this.restores.findLast(({ atMs }) => atMs <= startedAt);
    if (restore === undefined) return false;
    if (this.schedule.faults.some((fault) => fault.type === 'lose-disk')) return true;
    const isSince = (atMs: number) => atMs >= restore.atMs && atMs <= startedAt;
    if (restore.how === 'copy')
      return this.trusts.some(({ atMs }) => isSince(atMs)) || this.#waitedInVain.some(isSince);
    return this.trusts.some((trust) => trust.agent === agent && trust.atMs >= restore.atMs && trust.atMs <= startedAt);
  }

  get isRestored(): boolean {
    return this.restores.length > 0;
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
    this.#lookAtProgress();
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
      onFence: ({ job, part }) => {
        if (this.lateCancels.mustNotStart(job))
          this.violates(`the ${part} of ${this.#nameOf(job)} is started behind a cancel that came in time`);
      },
      onDocument: (attempt, by) => this.lateCancels.received(attempt, by),
    });
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

  /** What is shown of a program's progress is a line that it wrote, without its secrets. */
  #lookAtProgress(): void {
    for (const attempt of new Set(this.runs.map((run) => run.attempt))) {
      const shown = this.hub.core?.progress.get(attempt) ?? null;
      if (shown === null) continue;
      const runs = this.runs.filter((run) => run.attempt === attempt);
      const secret = this.client.plans.get(runs[0]?.job ?? '')?.secret ?? null;
      const maskText = createTextMask(secret === null ? {} : { token: secret });
      const lines = runs.flatMap(({ progress }) => progress.map((line) => maskText(line.trim())));
      const told = `${shown.percent} ${shown.message}`;
      if (!lines.includes(told)) this.violates(`attempt ${attempt} is shown at "${told}", and never said so`);
    }
    this.clock.schedule(progressLookMs, () => this.#lookAtProgress());
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
        const { id, jobId, state, desired } = change.attempt;
        this.trace.event(`store: attempt ${id} of ${this.#nameOf(jobId)} ${state} desired=${desired}`);
        this.states.seeAttempt(change.attempt);
        this.lateCancels.seeAttempt(change.attempt);
      }
    }
  }

  #logged({ level, message, fields }: LoggedLine): void {
    const error = fields['err'] ?? fields['error'];
    const told = error instanceof Error ? ` (${error.message})` : '';
    if (message.startsWith('not all agents that were here are back')) this.#waitedInVain.push(this.clock.monotonic());
    const text = [fields['process'], `${level}:`, message + told, fields['reason']].join(' ').trim();
    if (level === 'debug' || level === 'info') this.trace.detail(text);
    else this.trace.event(text);
    if (isProgramFault(error)) this.violates(`a fault in the program: ${message}: ${(error as Error).stack}`);
  }
}

/** What no disk, network or program can be blamed for. */
function isProgramFault(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return true;
  return error instanceof Error && error.message.includes('the code asked for');
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
