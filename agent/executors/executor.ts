import type { Gap } from '../../protocol/attempt-result.ts';
import type { PreparedCommand } from '../automations/prepared-command.ts';
import type { CommandEnd } from './command-end.ts';
import type { Execution, ExecutionTarget } from './execution.ts';
import type { ExecutorKind } from './executor-kind.ts';
import type { PlatformCause } from './platform-cause.ts';

/**
 * Whether the command of a folder began. `at` is when, in wall time, where that is known.
 *
 * - `none`: nothing says so, and it still may
 * - `recovered`: recovery took the fence; the command never ran and never will
 * - `started`: the command has the fence. `alive`: it may still be at work, or its output is still on its way
 * - `unreadable`: it has the fence, and nothing says whether it is alive
 */
export type FenceState =
  | { readonly type: 'none' }
  | { readonly type: 'recovered' }
  | { readonly type: 'started'; readonly alive: boolean; readonly at: number | null }
  | { readonly type: 'unreadable'; readonly at: number | null };

/** How a command could not be started. `started` can be proved false in every case. */
export type StartFailure = {
  readonly type: 'failed';
  /** `environment`: the fault of this machine or platform, another try may do; `command`: it will not start here. */
  readonly fault: 'environment' | 'command';
  /** `start-failed` when not given. */
  readonly cause?: PlatformCause;
  readonly message: string;
};

/** What is known of a command's output when nothing writes it any more. */
export interface OutputFacts {
  /** Length of the command's part of `raw`. */
  readonly rawBytes: number;
  /** Where its log was to end; null for everywhere. */
  readonly limitBytes: number | null;
  /** It ran as another user than the agent. */
  readonly ofOtherUser: boolean;
}

/**
 * Runs commands behind the fence. One suite (`test/contract/executor-contract.ts`) holds for all.
 *
 * What asks another system rejects with `NotNow` when that cannot be asked, after seconds and not minutes: its step is taken again. What was said is never taken
 * back: not a fence that was taken, nor an end.
 */
export interface Executor {
  readonly kind: ExecutorKind;
  /** Why nothing can be started now, in words for an operator; null when it can. What runs goes on. */
  obstacle(): string | null;
  /** Calls `listener` when the obstacle is another; answers how to stop that. */
  onChange(listener: () => void): () => void;
  /**
   * Starts the command in a folder that has its `document.json`, writes its files there and adds FARHAND_ATTEMPT_ID to its
   * environment. The fence is in the folder, so a second start of the same one does nothing. A command for which an intent
   * is there by then is not run, though its execution starts and ends. `NotNow` proves that nothing was begun; where that is not
   * sure the command counts as started, and its execution finds out.
   */
  start(
    target: ExecutionTarget,
    command: PreparedCommand,
  ): Promise<{ readonly type: 'started'; readonly execution: Execution } | StartFailure>;
  inspect(target: ExecutionTarget): Promise<FenceState>;
  /** Tries to take the fence so that the command never starts. True: we hold it, durably. False: the command has it. */
  takeFence(target: ExecutionTarget): Promise<boolean>;
  /**
   * Watches a command that an earlier agent started; null when nothing of it is alive and all of its output is in `raw`. When only what would tell its end
   * is dead, the execution has ended, and the rest is there to be cleared.
   */
  adopt(target: ExecutionTarget): Promise<Execution | null>;
  /**
   * How it ended: null while it has not, and where nothing says so and nothing ever will, which is taken for lost once nothing of it is alive. `NotNow` where
   * it is over and its end, or the last of its output, is still to be had.
   */
  readEnd(target: ExecutionTarget): Promise<CommandEnd | null>;
  /** What is missing in `raw`, with offsets there; what cannot be proved to be whole is missing. Only of a command that ran and is over. */
  findGaps(target: ExecutionTarget, output: OutputFacts): Promise<readonly Gap[]>;
  /**
   * Nobody wants anything of the attempt any more: removes what it left outside its folder, which goes when this has resolved. Comes for every attempt
   * that had a document, whether it was started or not, and again where the agent died meanwhile.
   */
  release(target: ExecutionTarget): Promise<void>;
}
