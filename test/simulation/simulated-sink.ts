import type { Clock, Timer } from '../../runtime/clock.ts';
import type { FileNode } from './disk-node.ts';
import type { HeldFolder, MemoryDisk } from './memory-disk.ts';
import type { SeededRandom } from './seeded-random.ts';

const blockBytes = 512;

export interface SimulatedSinkOptions {
  readonly disk: MemoryDisk;
  readonly folder: HeldFolder;
  readonly raw: FileNode;
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** The log grew. */
  readonly onChange: () => void;
}

/**
 * What stands between a command and a limited log, as `agent/executors/process/sink.ts` does it: it appends what fits, counts all, and
 * leaves its record when nobody writes to it any more. It ends by itself, or by a KILL.
 */
export class SimulatedSink {
  readonly #options: SimulatedSinkOptions;
  readonly #base: number;
  readonly #bound: number;
  readonly #waiting: Buffer[] = [];
  #countedBytes = 0;
  #hasFailed = false;
  #isInputClosed = false;
  #isAlive = true;
  #timer: Timer | null = null;

  constructor(options: SimulatedSinkOptions) {
    this.#options = options;
    this.#base = options.raw.bytes.length;
    this.#bound = Math.ceil(options.limitBytes / blockBytes) * blockBytes;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** False when nobody reads any more: the one who writes gets a PIPE. */
  take(bytes: Buffer): boolean {
    if (!this.#isAlive) return false;
    this.#waiting.push(bytes);
    this.#goOn();
    return true;
  }

  /** Nobody has the output open any more. */
  closeInput(): void {
    this.#isInputClosed = true;
    this.#goOn();
  }

  kill(): void {
    this.#isAlive = false;
    this.#timer?.cancel();
  }

  #goOn(): void {
    if (!this.#isAlive || this.#timer !== null) return;
    const { clock, random } = this.#options;
    this.#timer = clock.schedule(random.below(random.pick([2, 20, 300])), () => {
      this.#timer = null;
      this.#step();
    });
  }

  #step(): void {
    const bytes = this.#waiting.shift();
    if (bytes !== undefined) this.#append(bytes);
    else if (this.#isInputClosed) return this.#record();
    if (this.#waiting.length > 0 || this.#isInputClosed) this.#goOn();
  }

  #append(bytes: Buffer): void {
    const { disk, raw, onChange } = this.#options;
    this.#countedBytes += bytes.length;
    const at = raw.bytes.length;
    const fits = bytes.subarray(0, Math.max(0, this.#bound - at));
    this.#hasFailed ||= fits.length < bytes.length;
    try {
      if (fits.length > 0) disk.write(raw, fits, { at });
    } catch {
      this.#hasFailed = true;
    }
    onChange();
  }

  /** Two lines, the second when everything was counted: between them it may be cut down. */
  #record(): void {
    const { disk, folder, clock, random } = this.#options;
    const record = folder.read('sink');
    const first = `${this.#base} ${this.#hasFailed ? 1 : 0}\n`;
    const write = (text: string, at: number) => {
      try {
        if (record !== null) disk.write(record, Buffer.from(text), { at });
      } catch {
        // Where there was no room for it, there is no record.
      }
    };
    write(first, 0);
    this.#timer = clock.schedule(random.below(20), () => {
      write(`${this.#countedBytes}\n`, first.length);
      this.kill();
    });
  }
}
