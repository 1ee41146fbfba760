import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../runtime/has-code.ts';
import { listProcesses, readWorkingFolder } from './process-facts.ts';

/** A process of the run. */
export interface StartedProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended. Never rejects. */
  readonly ended: Promise<void>;
  /** Asks it to end, kills it when it does not. Idempotent. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const graceMs = 10_000;

/**
 * All that a run makes on this machine: one folder, and processes. Disposing it, which an interruption does at any moment, leaves nothing
 * of either. Nothing starts after that.
 */
export class Workplace implements AsyncDisposable {
  readonly folder: string;
  readonly #processes = new Set<StartedProcess>();
  readonly #unbreakable = new Set<Promise<unknown>>();
  #folders = 0;
  #closed = false;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'farhand-bench-')));
  }

  /** Disposing has begun: what fails now fails because of it. */
  get isOver(): boolean {
    return this.#closed;
  }

  /** A name in the folder that nothing has yet. Short: sockets lie there too. */
  path(name: string): string {
    this.#folders += 1;
    return join(this.folder, `${name}-${this.#folders}`);
  }

  /** The program leads a group of its own, so that Ctrl-C reaches it once, through `stop`. */
  async start(program: string, args: readonly string[], options: SpawnOptions): Promise<StartedProcess> {
    if (this.#closed) throw new Error('the run is over: nothing is started any more');
    const child = spawn(program, args, { ...options, detached: true });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const { promise: spawned, resolve: found, reject } = Promise.withResolvers<void>();
    child.on('spawn', found);
    child.on('error', (error) => {
      reject(error);
      if (child.pid === undefined) resolve();
    });
    child.on('exit', () => resolve());
    const started: StartedProcess = {
      child,
      pid: child.pid ?? 0,
      ended,
      async stop(signal = 'SIGTERM') {
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
        child.kill(signal);
        const giveUp = new AbortController();
        const late = delay(graceMs, 'late', { signal: giveUp.signal }).catch(() => {});
        if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
        giveUp.abort();
        await ended;
      },
    };
    this.#processes.add(started);
    void ended.then(() => this.#processes.delete(started));
    await spawned;
    return started;
  }

  /** For work that must not be cut short, such as packing, which changes the checkout for a moment: disposing waits for it. */
  finish<T>(work: Promise<T>): Promise<T> {
    this.#unbreakable.add(work);
    const forget = () => this.#unbreakable.delete(work);
    work.then(forget, forget);
    return work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#unbreakable);
    // The newest first: an agent says good-bye to a hub that is there.
    for (const started of [...this.#processes].toReversed()) await started.stop();
    for (const pid of this.#findStrays()) killIfThere(pid);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Jobs that an agent could not end any more: they lie in groups of their own, and work in our folder. So do those of a killed worker. */
  #findStrays(): readonly number[] {
    return listProcesses().filter((pid) => `${readWorkingFolder(pid)}/`.startsWith(`${this.folder}/`));
  }
}

/** It may have ended by itself since it was found. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
