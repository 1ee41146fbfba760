import type { PreparedCommand } from '../automations/prepared-command.ts';

/** A place where an attempt's command runs, known by its folder. */
export interface ExecutionTarget {
  readonly attempt: string;
  /** The attempt's folder, absolute. `started`, `raw` and `exit` are in it. */
  readonly folder: string;
}

/**
 * What the attempt's folder says about its command.
 *
 * - `none`: there is no `started`
 * - `recovered`: recovery took the fence; the command never ran and never will
 * - `wrapper`: the wrapper took it. `alive` compares the process id *and* its start time
 * - `unreadable`: `started` is there, and its content is not
 */
export type FenceState =
  | { readonly type: 'none' }
  | { readonly type: 'recovered' }
  | { readonly type: 'wrapper'; readonly pid: number; readonly alive: boolean }
  | { readonly type: 'unreadable' };

/** A command on its way, started by us or adopted. Nobody owns it: disposing of an agent leaves it alone. */
export interface Execution {
  /** Resolves when the wrapper is gone, however that came; never rejects. */
  readonly ended: Promise<void>;
  /** Resolves when `started` was created by the wrapper (with its wall time), or with null when the execution ended without, or nobody can see it; never rejects. */
  readonly started: Promise<{ readonly at: number } | null>;
  /** How long it had run when it was adopted, by a clock that nobody sets; left out where only the wall clock can say. */
  readonly ranMs?: number;
  /** Sends the signal to the whole tree: the process group, and whatever carries the attempt's id in its environment. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /**
   * Makes sure that nothing of the tree is left: what is alive gets TERM (unless `signal` sent it one), after `graceMs`
   * KILL, for at most `boundMs` in all. Resolves with the count of processes that are still there after that; what could
   * not be proved to be gone counts as one. What still moves a command's last output into a limited log is let to its end
   * first.
   */
  clear(options: { readonly graceMs: number; readonly boundMs: number }): Promise<{ readonly escaped: number }>;
}

/** How a command could not be started. `started` can be proved false in every case. */
export type StartFailure = {
  readonly type: 'failed';
  /** `environment`: this machine's fault (no memory, no descriptors), another try may do; `command`: it will not start here. */
  readonly fault: 'environment' | 'command';
  readonly message: string;
};

/** Runs commands behind the fence. One suite (`test/contract/executor-contract.ts`) holds for all. */
export interface Executor {
  readonly name: string;
  /**
   * Starts the command in a folder that has its `document.json`, writes its files there and adds FARHAND_ATTEMPT_ID to its
   * environment. The fence is in the folder, so a second start of the same one does nothing. A command for which an intent
   * is there by then is not run, though its execution starts and ends.
   */
  start(
    target: ExecutionTarget,
    command: PreparedCommand,
  ): Promise<{ readonly type: 'started'; readonly execution: Execution } | StartFailure>;
  inspect(target: ExecutionTarget): Promise<FenceState>;
  /** Tries to take the fence so that the command never starts. True: we hold it, durably. False: the wrapper has it. */
  takeFence(target: ExecutionTarget): Promise<boolean>;
  /**
   * Watches a command that an earlier agent started, in this boot; null when nothing of it is alive. When only the wrapper
   * is dead, the execution has ended, and the rest is there to be cleared.
   */
  adopt(target: ExecutionTarget): Promise<Execution | null>;
  /**
   * For a command whose output was limited: how long its log would be without the limit, what was in the file before
   * included. Null when nobody knows: what stands between command and file died, or is still at work.
   */
  countOutput(target: ExecutionTarget): Promise<number | null>;
  /** The exit record: null while there is no valid one. `marked`: an intent was there when the command ended. */
  readExit(target: ExecutionTarget): Promise<{ readonly status: number; readonly marked: boolean } | null>;
}
