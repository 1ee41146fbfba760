import type { Context } from '../../cli/context.ts';
import type { Output } from '../../cli/output.ts';
import { runProgram } from '../../cli/program.ts';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly isTerminal?: boolean;
  /** Of the terminal; without it a line is as long as it is. */
  readonly columns?: number;
}

/** Runs one command line of farhand in this process, with an environment and a folder of its own. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { context, result } = createContext(options);
  await runProgram(args, context);
  return result();
}

/** What a command has of its process, and what it made of it. */
export function createContext(options: CommandOptions): {
  readonly context: Context;
  readonly result: () => CommandResult;
} {
  const { environment = {}, folder = '/nonexistent', isTerminal = false, columns = null } = options;
  const stdout = createMemoryOutput(isTerminal, columns);
  const stderr = createMemoryOutput(isTerminal, columns);
  let exitCode = 0;
  const context: Context = {
    environment,
    folder,
    stdout: stdout.output,
    stderr: stderr.output,
    exitWith: (code) => {
      exitCode = code;
    },
    exitWithin: () => {},
    outliveReaders: () => {},
  };
  return { context, result: () => ({ stdout: stdout.text(), stderr: stderr.text(), exitCode }) };
}

function createMemoryOutput(isTerminal: boolean, columns: number | null): { readonly output: Output; text(): string } {
  const chunks: Buffer[] = [];
  const write = async (chunk: string | Uint8Array) => void chunks.push(Buffer.from(chunk));
  const output: Output = {
    isTerminal,
    hasColor: false,
    columns: () => columns,
    rows: () => null,
    write,
    hand: write,
    line: (text) => write(`${text}\n`),
    paint: (_, text) => text,
  };
  return { output, text: () => Buffer.concat(chunks).toString('utf8') };
}
