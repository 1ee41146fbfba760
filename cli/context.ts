import type { ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

/** What a command has of the process it runs in. */
export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Of the whole program, once the command is done. The last one said counts. */
  exitWith(code: ExitCode | 130 | 143): void;
  /** The command is about to be done: when something holds the process longer than this, it ends all the same. */
  exitWithin(timeMs: number): void;
  /** From here on nothing ends because a reader of standard output or standard error left: what is said to it is dropped. */
  outliveReaders(): void;
}
