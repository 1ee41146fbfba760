import type { ExitCode } from './exit-code.ts';

/** A command cannot do what was asked. The message says what went wrong and what came; the hints say what to do next, one a line. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;
  readonly hints: readonly string[];

  constructor(exitCode: ExitCode, message: string, hints: readonly string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.hints = hints;
  }
}
