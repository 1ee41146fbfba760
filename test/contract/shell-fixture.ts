import type { PreparedCommand } from '../../agent/automations/prepared-command.ts';
import type { Execution } from '../../agent/executors/execution.ts';
import { type ExecutorFixture, useExecutor } from './executor-fixture.ts';
import type { ExecutorPlace } from './executor-harness.ts';
import type { ShellHarness } from './shell-harness.ts';

/** A fixture whose commands are programs that a shell finds. */
export interface ShellFixture {
  readonly fixture: ExecutorFixture;
  readonly toCommand: (
    argv: readonly [string, ...string[]],
    environment?: Readonly<Record<string, string>>,
  ) => PreparedCommand;
  readonly start: (place: ExecutorPlace, argv: readonly [string, ...string[]]) => Promise<Execution>;
  /** Runs a script to its end; `$0` is `script`. */
  readonly run: (place: ExecutorPlace, script: string, ...args: readonly string[]) => Promise<void>;
}

export function useShell(harness: ShellHarness): ShellFixture {
  const fixture = useExecutor(harness);

  function toCommand(
    argv: readonly [string, ...string[]],
    environment: Readonly<Record<string, string>> = {},
  ): PreparedCommand {
    const { workingDirectory } = harness;
    return { argv, environment: { ...harness.environment, ...environment }, workingDirectory, files: [] };
  }

  return {
    fixture,
    toCommand,
    start: (place, argv) => fixture.startCommand(place, toCommand(argv)),
    run: (place, script, ...args) => fixture.runCommand(place, toCommand(['sh', '-c', script, 'script', ...args])),
  };
}
