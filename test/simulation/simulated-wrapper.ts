import type { Clock, Timer } from '../../runtime/clock.ts';
import type { FileNode } from './disk-node.ts';
import type { ProgramAct, ProgramPart, ProgramScript } from './job-script.ts';
import type { HeldFolder, MemoryDisk } from './memory-disk.ts';
import type { RunTruth } from './run-truth.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedSink } from './simulated-sink.ts';

/** What is to be started. */
export interface Launch {
  readonly attempt: string;
  readonly job: string;
  readonly part: ProgramPart;
  /** Where the wrapper works. */
  readonly folder: string;
  /** Where the attempt's log is, and what its program writes besides. */
  readonly home: string;
  readonly limitBytes: number | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly script: ProgramScript;
}

const termStatus = 143;
const killStatus = 137;
const pipeStatus = 141;
/** From the start of the shell to its first act, and between any two of its acts: mostly soon, sometimes on a busy machine. */
const slowestStepsMs = [5, 40, 40, 600] as const;

type Phase = 'booting' | 'fenced' | 'running' | 'recording' | 'gone';

export interface SimulatedWrapperOptions {
  readonly pid: number;
  readonly launch: Launch;
  readonly disk: MemoryDisk;
  readonly agent: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly onRun: (run: RunTruth) => void;
  readonly onFence: () => void;
  readonly onChange: () => void;
}

/** A wrapper and its program. It goes the way of `agent/executors/process/wrapper.ts`, with a pause before each of its steps. */
export class SimulatedWrapper {
  readonly pid: number;
  readonly launch: Launch;
  readonly spawnedAt: number;
  readonly ended: Promise<void>;
  readonly #options: SimulatedWrapperOptions;
  readonly #folder: HeldFolder;
  readonly #home: HeldFolder;
  readonly #announceEnd: () => void;
  #phase: Phase = 'booting';
  #sink: SimulatedSink | null = null;
  #run: RunTruth | null = null;
  #isProgramAlive = false;
  #isTermSent = false;
  #isTold = false;
  #lastWords: string | null = null;
  #timer: Timer | null = null;
  #programTimer: Timer | null = null;
  #termTimer: Timer | null = null;

  constructor(options: SimulatedWrapperOptions) {
    const { pid, launch, disk, clock } = options;
    this.pid = pid;
    this.launch = launch;
    this.spawnedAt = clock.monotonic();
    this.#options = options;
    this.#folder = disk.holdFolder(launch.folder);
    this.#home = disk.holdFolder(launch.home);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#announceEnd = resolve;
    this.#later(() => this.#takeFence());
  }

  /** The wrapper itself. */
  get isAlive(): boolean {
    return this.#phase !== 'gone';
  }

  /** The wrapper or its program; a sink is nobody to wait for. */
  get isTreeAlive(): boolean {
    return this.isAlive || this.#isProgramAlive;
  }

  /** It began, and has the fence. */
  get isFenced(): boolean {
    return this.#phase !== 'booting' && this.isAlive;
  }

  /** What it said of its end when it left by itself, where somebody listens to that. */
  get lastWords(): string | null {
    return this.#lastWords;
  }

  get isSinkAlive(): boolean {
    return this.#sink?.isAlive === true;
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    if (name === 'SIGKILL') return this.end('killed');
    // Before its first act the shell has no trap yet.
    if (this.#phase === 'booting' && this.#options.random.happens(0.5)) return this.#leave();
    this.endProgram();
  }

  /** A TERM for its program alone: it has a trap for its own. */
  endProgram(): void {
    if (!this.#isProgramAlive || this.#isTermSent) return;
    this.#isTermSent = true;
    const { termMs } = this.launch.script;
    if (termMs === null) return;
    this.#termTimer = this.#options.clock.schedule(termMs, () => this.#programEnded(termStatus));
  }

  /** The platform's TERM, which goes on to its program: its last words tell of it. */
  tell(): void {
    this.#isTold = true;
    this.endProgram();
  }

  /** A KILL for the wrapper alone: its program goes on, and nobody will write down how it ends. */
  killWrapperOnly(): void {
    this.#leave();
  }

  /** A KILL for the program alone. */
  killProgramOnly(): void {
    if (this.#isProgramAlive) this.#programEnded(killStatus);
  }

  killSink(): void {
    this.#sink?.kill();
  }

  /** Nothing of it is alive any more but the sink, which has the rest to read. */
  end(how: 'killed' | 'power'): void {
    if (this.#isProgramAlive) this.#finishRun({ type: how });
    this.#leave();
    this.#closeSink();
    if (how === 'power') this.killSink();
  }

  #later(step: () => void): void {
    const { clock, random } = this.#options;
    this.#timer = clock.schedule(random.below(random.pick(slowestStepsMs)), step);
  }

  #leave(): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    this.#timer?.cancel();
    this.#announceEnd();
    this.#closeSink();
    this.#options.onChange();
  }

  #closeSink(): void {
    if (!this.isTreeAlive) this.#sink?.closeInput();
  }

  #takeFence(): void {
    const { onFence, onChange } = this.#options;
    if (this.#folder.has('started')) return this.#leave();
    try {
      this.#folder.create('started', Buffer.from(`${this.pid} ${this.pid}\n`));
    } catch {
      // The disk is full: the file is there, and empty.
    }
    this.#phase = 'fenced';
    onFence();
    onChange();
    this.#later(() => this.#beginProgram());
  }

  #beginProgram(): void {
    const { clock, agent, onRun } = this.#options;
    const { job, attempt, part, environment, limitBytes } = this.launch;
    const raw = this.#home.read('raw');
    if (raw !== null && limitBytes !== null)
      this.#sink = new SimulatedSink({ ...this.#options, folder: this.#folder, raw, limitBytes });
    if (this.#folder.has('intent.json') || raw === null) return this.#leaveRecord(termStatus);
    this.#phase = 'running';
    this.#run = {
      job,
      attempt,
      agent,
      part,
      toldOutcome: environment['FARHAND_OUTCOME'] ?? null,
      toldExitCode: environment['FARHAND_EXIT_CODE'] ?? null,
      startedAt: clock.monotonic(),
      output: Buffer.alloc(0),
      outputs: null,
      progress: [],
      endedAt: null,
      end: null,
      recordMarked: null,
    };
    this.#isProgramAlive = true;
    onRun(this.#run);
    this.#act(0, this.#run);
  }

  #act(index: number, run: RunTruth): void {
    const { clock } = this.#options;
    const { acts, endsAfterMs, status } = this.launch.script;
    const next = acts[index];
    if (next === undefined) {
      this.#programTimer = clock.schedule(endsAfterMs, () => this.#programEnded(status));
      return;
    }
    this.#programTimer = clock.schedule(next.afterMs, () => {
      if (this.#write(next, run)) this.#act(index + 1, run);
      else this.#programEnded(pipeStatus);
    });
  }

  /** False when nobody reads what it prints. */
  #write({ to, text }: ProgramAct, run: RunTruth): boolean {
    const bytes = Buffer.from(text);
    switch (to) {
      case 'log':
        return this.#print(bytes, run);
      case 'outputs':
        if (this.#put('outputs', bytes, 'anew')) run.outputs = text;
        return true;
      case 'progress':
        if (this.#put('progress', bytes, 'behind')) run.progress.push(text);
        return true;
    }
  }

  #print(bytes: Buffer, run: RunTruth): boolean {
    if (this.#sink !== null) {
      if (!this.#sink.take(bytes)) return false;
    } else {
      const raw = this.#home.read('raw');
      // What finds no room is gone, and so is what is printed where somebody deleted the file.
      if (raw === null || !this.#tryToWrite(raw, bytes, { at: raw.bytes.length })) return true;
      this.#options.onChange();
    }
    run.output = Buffer.concat([run.output, bytes]);
    return true;
  }

  #put(name: string, bytes: Buffer, how: 'anew' | 'behind'): boolean {
    const file = this.#home.read(name) ?? this.#home.create(name, Buffer.alloc(0));
    const at = how === 'anew' ? 0 : file.bytes.length;
    return this.#tryToWrite(file, bytes, { at, truncate: how === 'anew' });
  }

  #tryToWrite(file: FileNode, bytes: Buffer, place: { readonly at: number; readonly truncate?: boolean }): boolean {
    try {
      this.#options.disk.write(file, bytes, place);
      return true;
    } catch {
      return false;
    }
  }

  #programEnded(status: number): void {
    if (!this.#isProgramAlive) return;
    this.#finishRun({ type: 'exit', status, byTerm: this.#isTermSent });
    if (this.#phase !== 'running') return this.#closeSink();
    this.#phase = 'recording';
    this.#later(() => this.#leaveRecord(status));
  }

  #finishRun(end: NonNullable<RunTruth['end']>): void {
    this.#isProgramAlive = false;
    this.#programTimer?.cancel();
    this.#termTimer?.cancel();
    if (this.#run === null) return;
    this.#run.end = end;
    this.#run.endedAt = this.#options.clock.monotonic();
  }

  #leaveRecord(status: number): void {
    const mark = this.#folder.has('intent.json') ? ' i' : '';
    if (this.#run !== null) this.#run.recordMarked = mark !== '' || this.#isTold;
    const exit = this.#folder.read('exit');
    if (exit !== null) this.#tryToWrite(exit, Buffer.from(`${status}${mark}\n`), { at: 0 });
    this.#options.onChange();
    this.#later(() => {
      this.#lastWords = `farhand: ended ${status}${mark}${this.#isTold ? ' t' : ''}\n`;
      this.#leave();
    });
  }
}
