import { sleep } from '../../runtime/sleep.ts';
import type { HookName } from '../automations/hook.ts';
import type { PreparedCommand } from '../automations/prepared-command.ts';
import type { Execution } from '../executors/execution.ts';
import type { StartFailure } from '../executors/executor.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import { ExecutionWatch } from './execution-watch.ts';

/** A hook may add so much to the log of its job. */
const maxLogBytes = 1024 * 1024;

/** Why a hook was stopped; `asked` by whoever runs it. */
type HookStop = 'too-slow' | 'too-much-output' | 'asked';

/** How a hook ended. `escaped` counts as in a result. */
export type HookEnd = { readonly escaped: number } & (
  | { readonly type: 'exited'; readonly status: number }
  | { readonly type: 'not-started'; readonly fault: StartFailure['fault']; readonly message: string }
  | { readonly type: 'stopped'; readonly why: HookStop }
  | { readonly type: 'no-record' }
);

export interface HookRunOptions {
  readonly context: AttemptContext;
  readonly folder: AttemptFolder;
  readonly name: HookName;
  readonly command: PreparedCommand;
  readonly timeoutMs: number;
  /** Between TERM and KILL when it is stopped. */
  readonly graceMs: number;
  /** Length of the log when the hook began. */
  readonly logFrom: number;
  /** Called whenever the log may have grown. Never rejects. */
  readonly look: () => Promise<void>;
}

/**
 * One hook of an attempt, in a folder of its own whose fence says that it runs at most once: it is started, or watched where an
 * earlier agent started it, until nothing of its tree is alive.
 */
export class HookRun {
  /** Never rejects, and never resolves after `leave`. */
  readonly ended: Promise<HookEnd>;
  readonly #options: HookRunOptions;
  readonly #left = new AbortController();
  readonly #stopping = Promise.withResolvers<void>();
  #stop: HookStop | null = null;
  #watch: ExecutionWatch | null = null;

  constructor(options: HookRunOptions) {
    this.#options = options;
    this.ended = this.#run().catch((error: unknown) => {
      options.context.logger.error({ err: error, hook: options.name }, 'hook failed');
      const message = error instanceof Error ? error.message : 'no reason given';
      return { type: 'not-started', fault: 'environment', message, escaped: 0 };
    });
  }

  /** Ends the hook and its tree; `ended` tells when. */
  stop(why: HookStop = 'asked'): void {
    this.#stop ??= why;
    this.#stopping.resolve();
  }

  /** Watches no more, and leaves the processes to another agent. */
  async leave(): Promise<void> {
    this.#left.abort('left');
    this.#watch?.stop();
    await this.#watch?.stopped;
  }

  async #run(): Promise<HookEnd> {
    const { context, folder, name } = this.#options;
    const target = folder.hookTarget(name);
    const begun = await this.#begin();
    if (begun.type === 'failed') return { ...begun, type: 'not-started', escaped: 0 };
    let escaped = 0;
    let { execution, usedMs } = begun;
    // A wrapper of an earlier agent may have had the fence and ours ended at once: then that one is watched.
    while (execution !== null && escaped === 0) {
      escaped += await this.#follow(execution, usedMs);
      if (this.#stop !== null) return { type: 'stopped', why: this.#stop, escaped };
      if ((await context.executors.local.readEnd(target)) !== null) break;
      execution = await context.executors.local.adopt(target);
      usedMs = await this.#usedMs(execution);
    }
    const end = await context.executors.local.readEnd(target);
    return end?.type === 'exit' ? { type: 'exited', status: end.status, escaped } : { type: 'no-record', escaped };
  }

  async #begin(): Promise<
    { readonly type: 'begun'; readonly execution: Execution | null; readonly usedMs: number } | StartFailure
  > {
    const { context, folder, name, command } = this.#options;
    const { fs } = context;
    const executor = context.executors.local;
    const target = folder.hookTarget(name);
    const status = await fs.lstat(target.folder);
    if (status === null) await fs.mkdir(target.folder, { mode: 0o700 });
    else if (status.type !== 'folder') {
      return { type: 'failed', fault: 'command', message: `expected a folder, something else is at ${target.folder}` };
    }
    if ((await executor.inspect(target)).type === 'none') {
      const started = await executor.start(target, command);
      return started.type === 'failed' ? started : { type: 'begun', execution: started.execution, usedMs: 0 };
    }
    const execution = await executor.adopt(target);
    return { type: 'begun', execution, usedMs: await this.#usedMs(execution) };
  }

  async #usedMs(adopted: Execution | null): Promise<number> {
    if (adopted?.ranMs !== undefined) return adopted.ranMs;
    const started = await adopted?.started;
    return Math.max(0, this.#options.context.clock.now() - (started?.at ?? Number.POSITIVE_INFINITY));
  }

  /** Until the execution ended or has to be stopped, and nothing of it is left. Answers what escaped. */
  async #follow(execution: Execution, usedMs: number): Promise<number> {
    const { context, folder, timeoutMs, graceMs } = this.#options;
    const { clock, watchFolder, limits } = context;
    this.#watch = new ExecutionWatch({
      execution,
      clock,
      folder: folder.path,
      watchFolder,
      pollMs: limits.pollMs,
      timeoutMs: Math.max(0, timeoutMs - usedMs),
      timeoutFrom: 'now',
      look: () => this.#look(),
      onStarted: () => {},
      onTimeout: () => this.stop('too-slow'),
      onEnded: () => {},
    });
    if (this.#left.signal.aborted) this.#watch.stop();
    await Promise.race([execution.ended, this.#stopping.promise]);
    this.#watch.stop();
    await this.#watch.stopped;
    // Another agent may have it by now.
    if (this.#left.signal.aborted) await new Promise(() => {});
    const waitMs = this.#stop === null ? limits.leftoverGraceMs : graceMs;
    const { escaped } = await execution.clear({ graceMs: waitMs, boundMs: waitMs + limits.boundMs });
    // A wrapper that the kernel does not let go of is not waited for.
    const over = new AbortController();
    await Promise.race([execution.ended, sleep(clock, limits.boundMs, over.signal)]);
    over.abort('over');
    await this.#look();
    return escaped;
  }

  async #look(): Promise<void> {
    const { folder, logFrom, look } = this.#options;
    await look();
    if ((await folder.rawSize()) - logFrom > maxLogBytes) this.stop('too-much-output');
  }
}

/** What is to be said of it; null when it ended well. */
export function describeHookEnd(name: HookName, end: HookEnd, timeoutMs: number): string | null {
  switch (end.type) {
    case 'exited':
      return end.status === 0 ? null : `the ${name} hook ended with exit status ${end.status}`;
    case 'not-started':
      return `the ${name} hook could not be started: ${end.message}`;
    case 'no-record':
      return `the ${name} hook left no record of how it ended`;
    case 'stopped':
      switch (end.why) {
        case 'too-slow':
          return `the ${name} hook took longer than ${timeoutMs / 1000} s and was stopped`;
        case 'too-much-output':
          return `the ${name} hook printed more than ${maxLogBytes} bytes and was stopped`;
        case 'asked':
          return `the ${name} hook was stopped`;
      }
  }
}
