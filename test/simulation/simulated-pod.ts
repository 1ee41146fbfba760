import type { CommandHandover } from '../../agent/automations/prepared-command.ts';
import { mainContainer } from '../../agent/executors/kubernetes/main-container.ts';
import { PodView } from '../../agent/executors/kubernetes/pod-view.ts';
import { runnerContainer } from '../../agent/executors/kubernetes/runner-container.ts';
import { toNeighbourPlace } from '../../agent/executors/neighbour/neighbour-place.ts';
import { RunnerOrder } from '../../agent/runner/runner-order.ts';
import { toRunnerWords } from '../../agent/runner/runner-words.ts';
import type { OpenFrame } from '../../protocol/session-frame.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { MemoryConnection } from '../../transports/memory/connection.ts';
import type { MemoryNetwork } from '../../transports/memory/network.ts';
import type { JobScript } from './job-script.ts';
import { Machine } from './machine.ts';
import { PodPipes } from './pod-pipes.ts';
import { PodRunner, type RunnerHeard } from './pod-runner.ts';
import type { RunTruth } from './run-truth.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedNeighbour } from './simulated-neighbour.ts';
import type { CrashPoint, SimulatedProcess } from './simulated-process.ts';
import type { Launch } from './simulated-wrapper.ts';
import { repeatOpen, type SentOpen } from './stale-open.ts';

const memory = '/memory';
const place = toNeighbourPlace({ shared: '/shared', memory });
/** What a runner has when the command's container is gone, and what it is given beyond before it is killed. */
const stopMs = 20_000;
const killMs = 5_000;
/** Before a runner that ended is started again: ever longer. */
const restartMs = { first: 300, most: 60_000 } as const;

/** Why a pod ended that did not end by itself. */
export type PodCause = 'evicted' | 'pod-deleted' | 'node-lost';

export interface SimulatedPodOptions {
  readonly name: string;
  /** The agent that it is of. */
  readonly owner: string;
  readonly attempt: string;
  readonly handover: CommandHandover;
  /** How long its runner waits for the hub to let it in. */
  readonly comeMs: number;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly logger: Logger;
  readonly scriptOf: (job: string) => JobScript;
  readonly onOperation: (who: string, name: string) => void;
  readonly onEvent: (text: string) => void;
  readonly onRun: (run: RunTruth) => void;
  readonly onFence: (launch: Launch) => void;
  /** Its runner reads what the hub says to the folder that it opened with. */
  readonly onFrame: WatchRunner;
}

export type WatchRunner = (pod: SimulatedPod, heard: RunnerHeard) => void;

/** A pod of one attempt: a runner, which starts again whenever it ends, and the container of the command, which does not. It is over with the second, and when the first had its time. */
export class SimulatedPod {
  readonly name: string;
  readonly owner: string;
  readonly attempt: string;
  readonly machine: Machine;
  /** When there was a runner in it, by the clock of the world. */
  readonly lives: { readonly fromMs: number; untilMs: number }[] = [];
  /** Nobody gets through to the hub. */
  isCutOff = false;
  /** The cluster has no word of it, and takes it for gone, whatever it does. */
  isCalledLost = false;
  /** It ended otherwise than by itself: something in it was killed, or did not have its time. */
  wasCut = false;
  readonly #options: SimulatedPodOptions;
  readonly #pipes = new PodPipes();
  readonly #order: RunnerOrder;
  readonly #opens: SentOpen[] = [];
  #neighbour: SimulatedNeighbour | null = null;
  #runner: PodRunner | null = null;
  #waitingPoint: CrashPoint | null = null;
  #cause: PodCause | null = null;
  #phase: 'starting' | 'working' | 'ending' | 'over' = 'starting';
  #starts = 0;
  #runnerWords = '';

  constructor(options: SimulatedPodOptions) {
    this.#options = options;
    const { name, owner, attempt, clock, random, onRun, onFence, handover } = options;
    this.name = name;
    this.owner = owner;
    this.attempt = attempt;
    this.#order = RunnerOrder.parse(JSON.parse(handover.order));
    this.machine = new Machine({ name, clock, random: random.fork('machine'), onRun, onFence, copyOf: null });
    for (const folder of [`${place.shared}/attempts`, `${place.shared}/tombstones`, memory])
      this.machine.disk.mkdir(folder, true);
    this.#later(() => this.#begin(), [20, 200, 3_000]);
  }

  get isOver(): boolean {
    return this.#phase === 'over';
  }

  get cause(): PodCause | null {
    return this.#cause;
  }

  /** The container of the command was started. */
  get hasBegun(): boolean {
    return this.#neighbour !== null;
  }

  get lastWords(): string | null {
    return this.#neighbour?.lastWords ?? null;
  }

  /** Its command or its runner left some. */
  get hasWords(): boolean {
    return this.lastWords !== null || this.#runnerWords !== '';
  }

  /** As the cluster shows it, once it is over. */
  get view(): PodView {
    const ended = (message: string) => ({ state: { terminated: { exitCode: 1, message } } });
    const { name } = this;
    return PodView.parse({
      metadata: { name, uid: name },
      spec: {},
      status: {
        containerStatuses: [{ name: mainContainer, containerID: name, ...ended(this.lastWords ?? '') }],
        initContainerStatuses: [{ name: runnerContainer, containerID: name, ...ended(this.#runnerWords) }],
      },
    });
  }

  get ticket(): string {
    return this.#options.handover.ticket;
  }

  get process(): SimulatedProcess | null {
    return this.#runner?.process ?? null;
  }

  connections(): readonly MemoryConnection[] {
    return this.#runner?.connections() ?? [];
  }

  /** The document of the attempt lies in it, or something of the command is alive. */
  get isActedOn(): boolean {
    const { disk } = this.machine;
    const path = `${place.shared}/attempts/${this.attempt}/document.json`;
    return disk.lstat(path) !== null || this.machine.alive(this.attempt).length > 0;
  }

  /** Its runner dies there, or the next one. */
  arm(point: Omit<CrashPoint, 'strike'>, downMs: number): void {
    const armed = { ...point, strike: () => this.crashRunner(downMs) };
    if (this.process === null) this.#waitingPoint = armed;
    else this.process.arm(armed);
  }

  disarm(): void {
    this.#waitingPoint = null;
    this.process?.disarm();
  }

  crashRunner(downMs: number): void {
    if (this.#runner === null) return;
    this.#options.onEvent(`the runner of ${this.name} dies`);
    if (this.#phase === 'ending') this.wasCut = true;
    this.#leaveRunner();
    this.#restartIn(downMs);
  }

  killContainer(what: 'container' | 'command'): void {
    if (what === 'command') return this.#neighbour?.killCommand();
    this.wasCut = true;
    this.#neighbour?.kill();
  }

  /** All of it at once. */
  die(cause: PodCause): void {
    if (this.isOver) return;
    this.#options.onEvent(`${this.name} is gone (${cause})`);
    this.#cause ??= cause;
    this.wasCut = true;
    this.#leaveRunner();
    this.#phase = 'over';
    this.#neighbour?.kill();
  }

  /** TERM to the command's container, KILL after the grace, then the runner has its time. */
  stop(graceMs: number, cause: PodCause): void {
    if (this.#phase === 'ending' || this.isOver) return;
    this.#options.onEvent(`${this.name} is stopped`);
    this.#cause ??= cause;
    this.wasCut = true;
    if (this.#neighbour === null) return this.die(cause);
    this.#neighbour.term();
    this.#options.clock.schedule(graceMs, () => this.#neighbour?.kill());
  }

  /** One of its newest opens comes again, out of its time. */
  async repeatOpen(pick: number): Promise<void> {
    const runner = this.#runner;
    const stale = this.#opens.at(-1 - pick);
    if (runner !== null && stale !== undefined) await repeatOpen(runner.session, stale, this.#options.clock);
  }

  /** Somebody brings its ticket to another attempt. Resolves with whether that was given anything. */
  async misuseTicket(attempt: string): Promise<boolean> {
    const { clock, random } = this.#options;
    const open: OpenFrame = {
      type: 'open',
      attempt,
      leaseEpoch: 1,
      opens: 1,
      folderId: random.fork(`misuse ${attempt}`).uuid(),
      have: 'claimed',
      rawBytes: 0,
      needsDocument: true,
      needsSecrets: true,
    };
    const session = this.#runner?.session;
    if (session === undefined) return false;
    const target = { attempt, credential: { present: async () => `ticket=${this.ticket}` } };
    return (await repeatOpen(session, { target, frame: open }, clock)).some(
      (frame) => frame.type === 'job' && (frame.document !== null || frame.secrets !== null),
    );
  }

  #later(step: () => void, slowest: readonly [number, ...number[]]): void {
    const { clock, random } = this.#options;
    clock.schedule(random.below(random.pick(slowest)), () => {
      if (this.#phase === 'starting' || this.#phase === 'working') step();
    });
  }

  #begin(): void {
    this.#phase = 'working';
    this.#startRunner();
    this.#later(() => this.#startNeighbour(), [20, 20, 600]);
  }

  #startNeighbour(): void {
    const { clock, random, scriptOf } = this.#options;
    this.#neighbour = new SimulatedNeighbour({
      machine: this.machine,
      pipes: this.#pipes,
      place,
      clock,
      random: random.fork('neighbour'),
      scriptOf,
      onEnded: () => this.#neighbourEnded(),
    });
  }

  #startRunner(): void {
    const { clock, handover, comeMs, onOperation, onFrame } = this.#options;
    this.#starts += 1;
    const name = `${this.name}-runner#${this.#starts}`;
    this.lives.push({ fromMs: clock.monotonic(), untilMs: Number.POSITIVE_INFINITY });
    const runner = new PodRunner({
      ...this.#options,
      name,
      random: this.#options.random.fork(name),
      order: this.#order,
      shared: place.shared,
      memory,
      machine: this.machine,
      pipes: this.#pipes,
      handover,
      comeMs,
      isCutOff: () => this.isCutOff,
      onOperation: (operation) => onOperation(name, operation),
      onFrame: (heard) => onFrame(this, heard),
      onOpen: (open) => this.#opens.push(open),
      onEnded: (end) => {
        const { type } = end;
        this.#options.onEvent(`the runner of ${this.name} ends: ${type}`);
        if (type === 'unexplained') this.#runnerWords = end.words === null ? '' : toRunnerWords(end.words);
        // What it still had to say it could not.
        if (type === 'left') this.wasCut = true;
        this.#leaveRunner();
        this.#restartIn(Math.min(restartMs.first * 2 ** this.#starts, restartMs.most));
      },
    });
    this.#runner = runner;
    if (this.#waitingPoint !== null) runner.process.arm(this.#waitingPoint);
    this.#waitingPoint = null;
    runner.start();
  }

  #restartIn(delayMs: number): void {
    if (this.#phase === 'ending') {
      this.#phase = 'over';
      return;
    }
    this.#options.clock.schedule(delayMs, () => {
      if (this.#phase === 'working' && this.#runner === null) this.#startRunner();
    });
  }

  #leaveRunner(): void {
    if (this.#runner === null) return;
    this.#runner.kill();
    this.#runner = null;
    const life = this.lives.at(-1);
    if (life !== undefined) life.untilMs = this.#options.clock.monotonic();
  }

  #neighbourEnded(): void {
    if (this.isOver) return;
    this.#options.onEvent(`the container of ${this.name} ended, and says ${JSON.stringify(this.lastWords)}`);
    if (this.#runner === null) {
      // Nobody starts a runner again in a pod that ends.
      this.wasCut = true;
      this.#phase = 'over';
      return;
    }
    this.#phase = 'ending';
    this.#runner.stop(stopMs);
    this.#options.clock.schedule(stopMs + killMs, () => {
      if (this.isOver) return;
      this.wasCut = true;
      this.#leaveRunner();
      this.#phase = 'over';
    });
  }
}
