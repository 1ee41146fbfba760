import type { Clock, Timer } from '../../runtime/clock.ts';
import type { JobScript } from './job-script.ts';
import type { HeldFolder } from './memory-disk.ts';
import { MemoryDisk } from './memory-disk.ts';
import type { RunTruth } from './run-truth.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What is to be started. */
export interface Launch {
  readonly attempt: string;
  readonly job: string;
  readonly folder: string;
  readonly script: JobScript;
}

const termStatus = 143;
/** From the start of the shell to its first act, and between any two of its acts: mostly soon, sometimes on a busy machine. */
const slowestStepsMs = [5, 40, 40, 600] as const;

/**
 * The machine that an agent runs on: a disk, and processes that outlive the agent and not the machine. A wrapper goes the way of
 * `agent/executors/process/wrapper.ts`, with a pause before each of its steps.
 */
export class Machine {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly wrappers = new Map<number, Wrapper>();
  /** Attempts whose fence a wrapper took: from then on nobody can say that the command did not start. */
  readonly fenced = new Set<string>();
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #onRun: (run: RunTruth) => void;
  readonly #watchers = new Set<{ readonly path: string; readonly onChange: () => void }>();
  /** How far its wall clock is off. */
  wallOffsetMs = 0;
  #boots = 1;
  #nextPid = 100;

  constructor(options: {
    readonly name: string;
    readonly clock: Clock;
    readonly random: SeededRandom;
    readonly onRun: (run: RunTruth) => void;
  }) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#onRun = options.onRun;
    this.disk = new MemoryDisk(() => this.#clock.now() + this.wallOffsetMs);
  }

  get bootId(): string {
    return `${this.name}-boot-${this.#boots}`;
  }

  spawn(launch: Launch): Wrapper {
    this.#nextPid += 1;
    const wrapper = new Wrapper({
      pid: this.#nextPid,
      launch,
      folder: this.disk.holdFolder(launch.folder),
      disk: this.disk,
      agent: this.name,
      clock: this.#clock,
      random: this.#random,
      onRun: this.#onRun,
      onFence: () => this.fenced.add(launch.attempt),
      onChange: () => this.#changed(launch.folder),
    });
    this.wrappers.set(wrapper.pid, wrapper);
    return wrapper;
  }

  /** What of the attempt is alive, the wrapper or only its command. */
  alive(attempt: string): readonly Wrapper[] {
    return [...this.wrappers.values()].filter((one) => one.launch.attempt === attempt && one.isAnythingAlive);
  }

  watch(path: string, onChange: () => void): { close(): void } {
    const entry = { path, onChange };
    this.#watchers.add(entry);
    return { close: () => void this.#watchers.delete(entry) };
  }

  losePower(): void {
    this.#boots += 1;
    this.#watchers.clear();
    for (const wrapper of this.wrappers.values()) wrapper.end('power');
    this.disk.losePower(this.#random);
  }

  #changed(path: string): void {
    for (const watcher of this.#watchers) if (watcher.path === path) watcher.onChange();
  }
}

type Phase = 'booting' | 'fenced' | 'running' | 'recording' | 'gone';

/** A wrapper and its command. */
export class Wrapper {
  readonly pid: number;
  readonly launch: Launch;
  readonly ended: Promise<void>;
  readonly #folder: HeldFolder;
  readonly #disk: MemoryDisk;
  readonly #agent: string;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #onRun: (run: RunTruth) => void;
  readonly #onFence: () => void;
  readonly #onChange: () => void;
  readonly #announceEnd: () => void;
  #phase: Phase = 'booting';
  #run: RunTruth | null = null;
  #isCommandAlive = false;
  #isTermSent = false;
  #timer: Timer | null = null;
  #commandTimer: Timer | null = null;
  #termTimer: Timer | null = null;

  constructor(options: {
    readonly pid: number;
    readonly launch: Launch;
    readonly folder: HeldFolder;
    readonly disk: MemoryDisk;
    readonly agent: string;
    readonly clock: Clock;
    readonly random: SeededRandom;
    readonly onRun: (run: RunTruth) => void;
    readonly onFence: () => void;
    readonly onChange: () => void;
  }) {
    this.pid = options.pid;
    this.launch = options.launch;
    this.#folder = options.folder;
    this.#disk = options.disk;
    this.#agent = options.agent;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#onRun = options.onRun;
    this.#onFence = options.onFence;
    this.#onChange = options.onChange;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#announceEnd = resolve;
    this.#later(() => this.#takeFence());
  }

  /** The wrapper itself. */
  get isAlive(): boolean {
    return this.#phase !== 'gone';
  }

  get isAnythingAlive(): boolean {
    return this.isAlive || this.#isCommandAlive;
  }

  get hasStarted(): boolean {
    return this.#run !== null;
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    if (name === 'SIGKILL') return this.end('killed');
    // Before its first act the shell has no trap yet.
    if (this.#phase === 'booting' && this.#random.happens(0.5)) return this.#leave();
    if (!this.#isCommandAlive || this.#isTermSent) return;
    this.#isTermSent = true;
    const { termMs } = this.launch.script;
    if (termMs === null) return;
    this.#termTimer = this.#clock.schedule(termMs, () => this.#commandEnded(termStatus));
  }

  /** A KILL for the wrapper alone: its command goes on, and nobody will write down how it ends. */
  killWrapperOnly(): void {
    this.#leave();
  }

  /** A KILL for the command alone. */
  killCommandOnly(): void {
    if (this.#isCommandAlive) this.#commandEnded(137);
  }

  /** Nothing of it is alive any more. */
  end(how: 'killed' | 'power'): void {
    if (this.#isCommandAlive && this.#run !== null) this.#finishRun({ type: how });
    this.#leave();
  }

  #later(step: () => void): void {
    this.#timer = this.#clock.schedule(this.#random.below(this.#random.pick(slowestStepsMs)), step);
  }

  #leave(): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    this.#timer?.cancel();
    this.#announceEnd();
    this.#onChange();
  }

  #takeFence(): void {
    if (this.#folder.has('started')) return this.#leave();
    try {
      this.#folder.create('started', Buffer.from(`${this.pid} ${this.pid}\n`));
    } catch {
      // The disk is full: the file is there, and empty.
    }
    this.#phase = 'fenced';
    this.#onFence();
    this.#onChange();
    this.#later(() => this.#beginCommand());
  }

  #beginCommand(): void {
    const raw = this.#folder.read('raw');
    if (this.#folder.has('intent.json') || raw === null) return this.#record(termStatus);
    this.#phase = 'running';
    const { job, attempt } = this.launch;
    this.#run = {
      job,
      attempt,
      agent: this.#agent,
      startedAt: this.#clock.monotonic(),
      output: Buffer.alloc(0),
      droppedBytes: 0,
      endedAt: null,
      end: null,
      recordMarked: null,
    };
    this.#isCommandAlive = true;
    this.#onRun(this.#run);
    this.#print(0);
  }

  #print(index: number): void {
    const { prints, endsAfterMs, status } = this.launch.script;
    const next = prints[index];
    if (next === undefined) {
      this.#commandTimer = this.#clock.schedule(endsAfterMs, () => this.#commandEnded(status));
      return;
    }
    this.#commandTimer = this.#clock.schedule(next.afterMs, () => {
      this.#write(Buffer.from(next.text));
      this.#print(index + 1);
    });
  }

  #write(bytes: Buffer): void {
    const raw = this.#folder.read('raw');
    const run = this.#run;
    if (run === null) return;
    try {
      if (raw !== null) this.#disk.write(raw, bytes, { at: raw.bytes.length });
      run.output = Buffer.concat([run.output, bytes]);
    } catch {
      run.droppedBytes += bytes.length;
    }
    this.#onChange();
  }

  #commandEnded(status: number): void {
    if (!this.#isCommandAlive) return;
    this.#finishRun({ type: 'exit', status, byTerm: this.#isTermSent });
    if (this.#phase !== 'running') return;
    this.#phase = 'recording';
    this.#later(() => this.#record(status));
  }

  #finishRun(end: NonNullable<RunTruth['end']>): void {
    this.#isCommandAlive = false;
    this.#commandTimer?.cancel();
    this.#termTimer?.cancel();
    if (this.#run === null) return;
    this.#run.end = end;
    this.#run.endedAt = this.#clock.monotonic();
  }

  #record(status: number): void {
    const marked = this.#folder.has('intent.json');
    if (this.#run !== null) this.#run.recordMarked = marked;
    const exit = this.#folder.read('exit');
    if (exit !== null) this.#disk.write(exit, Buffer.from(`${status}${marked ? ' i' : ''}\n`), { at: 0 });
    this.#onChange();
    this.#later(() => this.#leave());
  }
}
