import type { PreparedCommand } from '../../agent/automations/prepared-command.ts';
import type { CommandEnd } from '../../agent/executors/command-end.ts';
import type { ExecutionTarget } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import type { JsonObject } from '../../protocol/json.ts';

/** Where one attempt runs, seen from outside. */
export interface ExecutorPlace {
  readonly target: ExecutionTarget;
  /** What the command wrote so far, output and error in one stream. */
  readOutput(): Promise<Buffer>;
  /** Does what the agent does before it signals: says that the end is wanted. */
  writeIntent(): Promise<void>;
}

/** What a test wants of a command, whatever runs it: it does this, in this order. */
export interface TestProgram {
  /** TERM does nothing to it. */
  readonly ignoresTerm?: boolean;
  readonly print?: string;
  /** Prints so many bytes of anything. */
  readonly bytes?: number;
  readonly outputs?: JsonObject;
  /** How long it takes after that; nothing when not given. */
  readonly seconds?: number;
  readonly status?: number;
}

/** What the contract suite needs of one kind of executor. */
export interface ExecutorHarness {
  readonly name: string;
  /** One as a fresh agent would make it. */
  create(): Executor & AsyncDisposable;
  /** A new attempt, its document written. */
  createPlace(): Promise<ExecutorPlace>;
  toCommand(program: TestProgram, place: ExecutorPlace): PreparedCommand;
  /** Commands of which its platform says more than a status. */
  readonly platformEnds: readonly {
    readonly what: string;
    readonly toCommand: (place: ExecutorPlace) => PreparedCommand;
    readonly end: Pick<Extract<CommandEnd, { type: 'platform' }>, 'cause' | 'started' | 'retrySafe'>;
  }[];
  /** Commands that it refuses before anything started. */
  readonly refusals: Readonly<
    Record<string, { readonly command: PreparedCommand; readonly fault: 'command' | 'environment' }>
  >;
}
