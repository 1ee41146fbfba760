import type { ExecutionTarget } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';

/** Where one attempt runs, seen from outside. */
export interface ExecutorPlace {
  readonly target: ExecutionTarget;
  /** What the command wrote so far, output and error in one stream. */
  readOutput(): Promise<Buffer>;
  /** Does what the agent does before it signals: says that the end is wanted. */
  writeIntent(): Promise<void>;
}

/** What the contract suite needs of one kind of executor. */
export interface ExecutorHarness {
  readonly name: string;
  /** One as a fresh agent would make it. */
  create(): Executor & AsyncDisposable;
  /** A new attempt, its document written. */
  createPlace(): Promise<ExecutorPlace>;
  /** The least that a command's environment must hold, a PATH to the usual tools among it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder that commands can work in. */
  readonly workingDirectory: string;
  /** Variables that a command sees although nobody gave them. */
  readonly addedNames: readonly string[];
}
