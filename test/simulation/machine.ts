import type { Clock } from '../../runtime/clock.ts';
import { MemoryDisk } from './memory-disk.ts';
import type { RunTruth } from './run-truth.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { type Launch, SimulatedWrapper } from './simulated-wrapper.ts';

/** The machine that an agent runs on: a disk, and processes that outlive the agent and not the machine. */
export class Machine {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly wrappers = new Map<number, SimulatedWrapper>();
  /** Attempts whose fence a command's wrapper took: from then on nobody can say that the command did not start. */
  readonly fenced = new Set<string>();
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #onRun: (run: RunTruth) => void;
  readonly #onFence: (launch: Launch) => void;
  readonly #watchers = new Set<{ readonly path: string; readonly onChange: () => void }>();
  /** How far its wall clock is off. */
  wallOffsetMs = 0;
  readonly #bootName: string;
  #boots = 1;
  #nextPid = 100;
  #owner: SimulatedProcess | null = null;

  constructor(options: {
    readonly name: string;
    readonly clock: Clock;
    readonly random: SeededRandom;
    readonly onRun: (run: RunTruth) => void;
    /** A wrapper takes its fence: from then on what it was started for counts as started. */
    readonly onFence: (launch: Launch) => void;
    /** Whose disk it has a copy of; null: its own is empty. `sameBoot`: it is another container of the same machine. */
    readonly copyOf: { readonly machine: Machine; readonly sameBoot: boolean } | null;
  }) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#onRun = options.onRun;
    this.#onFence = options.onFence;
    const { copyOf } = options;
    this.#bootName = copyOf?.sameBoot === true ? copyOf.machine.#bootName : options.name;
    if (copyOf?.sameBoot === true) this.#boots = copyOf.machine.#boots;
    const now = () => this.#clock.now() + this.wallOffsetMs;
    this.disk = copyOf?.machine.disk.copy(now) ?? new MemoryDisk(now);
  }

  get bootId(): string {
    return `${this.#bootName}-boot-${this.#boots}`;
  }

  /** The lock of the data folder, which the kernel lets go of with the process. */
  takeLock(process: SimulatedProcess): Disposable {
    if (this.#owner?.isAlive === true) throw new Error(`${this.#owner.name} has the folder`);
    this.#owner = process;
    return {
      [Symbol.dispose]: () => {
        if (this.#owner === process) this.#owner = null;
      },
    };
  }

  spawn(launch: Launch): SimulatedWrapper {
    this.#nextPid += 1;
    const wrapper = new SimulatedWrapper({
      pid: this.#nextPid,
      launch,
      disk: this.disk,
      agent: this.name,
      clock: this.#clock,
      random: this.#random,
      onRun: this.#onRun,
      onFence: () => {
        if (launch.part === 'command') this.fenced.add(launch.attempt);
        this.#onFence(launch);
      },
      onChange: () => this.#changed(launch.home),
    });
    this.wrappers.set(wrapper.pid, wrapper);
    return wrapper;
  }

  /** Those of the attempt of which anything is alive, and be it only a sink. */
  alive(attempt: string): readonly SimulatedWrapper[] {
    return [...this.wrappers.values()].filter(
      (one) => one.launch.attempt === attempt && (one.isTreeAlive || one.isSinkAlive),
    );
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
