import type { Daemon } from '../daemon.ts';
import type { ProcessSource } from './watched-process.ts';

/** One agent, in as many processes as it takes, one after another. */
export class SoakAgent implements ProcessSource, AsyncDisposable {
  readonly name: string;
  /** Its data folder. */
  readonly folder: string;
  readonly #start: () => Promise<Daemon>;
  #daemon: Daemon | null;
  #restarts = 0;

  private constructor(
    { name, folder, start }: { readonly name: string; readonly folder: string; readonly start: () => Promise<Daemon> },
    daemon: Daemon,
  ) {
    this.name = name;
    this.folder = folder;
    this.#start = start;
    this.#daemon = daemon;
  }

  static async start(options: {
    readonly name: string;
    readonly folder: string;
    readonly start: () => Promise<Daemon>;
  }): Promise<SoakAgent> {
    return new SoakAgent(options, await options.start());
  }

  get pid(): number | null {
    return this.#daemon?.pid ?? null;
  }

  get restarts(): number {
    return this.#restarts;
  }

  async readMetrics(): Promise<string> {
    if (this.#daemon === null) return '';
    const response = await fetch(`${this.#daemon.address}/metrics`);
    return await response.text();
  }

  /** Its jobs run on meanwhile. */
  async restart(how: 'in order' | 'killed'): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null) return;
    this.#daemon = null;
    await (how === 'killed' ? daemon.kill() : daemon[Symbol.asyncDispose]());
    this.#restarts += 1;
    this.#daemon = await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
  }
}
