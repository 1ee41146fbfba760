import { Command, CommanderError } from 'commander';
import { findNearestWord } from '../protocol/nearest-word.ts';
import { version } from '../runtime/version.ts';
import { commandList } from './command-list.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { reportFailure } from './report-failure.ts';

const footer = `
Client commands talk to the hub in FARHAND_HUB_URL with the token in
FARHAND_TOKEN; without them, to the \`farhand dev\` that was started in this
folder. \`farhand COMMAND --help\` tells more.`;

/**
 * Runs one command line and answers once it is done. The exit code goes to the context. Only the command that is called is loaded: the rest
 * of the program may be large.
 */
export async function runProgram(args: readonly string[], context: Context): Promise<void> {
  try {
    const program = await createProgram(args, context);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) context.exitWith(toUsageCode(error));
    else context.exitWith(await reportFailure(error, context));
  }
}

/** The program with the called command loaded, and the others by name only. */
export async function createProgram(args: readonly string[], context: Context): Promise<Command> {
  const program = new Command('farhand')
    .description('Run automation where nobody can reach in, and know truthfully how it ended.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .addHelpText('after', footer)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'farhand: ')),
      getOutHasColors: () => context.stdout.hasColor,
      getErrHasColors: () => context.stderr.hasColor,
    });
  const called = args.find((argument) => !argument.startsWith('-'));
  if (called !== undefined && commandList.every(({ name }) => name !== called)) throw toUnknownCommand(called);
  for (const listed of commandList) {
    const command = listed.name === called ? await listed.load(context) : new Command(listed.name);
    command.summary(listed.summary).helpGroup(listed.group);
    inheritSettings(command, program);
    program.addCommand(command, { hidden: listed.hidden === true });
  }
  // Without a command it is help that was wanted.
  program.action(() => program.outputHelp());
  return program;
}

function inheritSettings(command: Command, parent: Command): void {
  command
    .copyInheritedSettings(parent)
    .helpOption('-h, --help', 'print help')
    .showHelpAfterError('(--help tells more)');
  for (const child of command.commands) inheritSettings(child, command);
}

function toUnknownCommand(called: string): Failure {
  const near = findNearestWord(
    called,
    commandList.filter(({ hidden }) => hidden !== true).map(({ name }) => name),
  );
  return new Failure(exitCodes.usage, `there is no command ${JSON.stringify(called)}`, [
    ...(near === null ? [] : [`Did you mean farhand ${near}?`]),
    '`farhand --help` lists the commands',
  ]);
}

/** Commander throws for help and version too, with exit code 0. */
function toUsageCode(error: CommanderError): ExitCode {
  return error.exitCode === 0 ? exitCodes.succeeded : exitCodes.usage;
}
