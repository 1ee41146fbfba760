import type { CommandOutput, PreparedCommand } from '../../automations/prepared-command.ts';
import { findProgram } from './find-program.ts';
import type { JobStanding } from './job-standing.ts';
import { sinkText, toBlocks } from './sink.ts';

/**
 * What runs a command: POSIX shell out of builtins only (dash, bash as `sh`, busybox ash), because every fork costs. It
 * forks once, for the command. Its working directory is the attempt's folder and every name is relative, so a folder
 * deleted and made anew under the same name is not its folder. Arguments: working directory, program, its arguments.
 *
 * 1. A TERM from now on ends the command, not the wrapper. `:` and not `''`: an ignored signal would be inherited.
 * 2. The fence. Whoever finds `started` already there ends. Its content is the process id and the start time, the 20th
 *    word after the name (which may hold blanks and brackets) in `/proc/self/stat`; where there is none, the id alone.
 * 3. The command. An intent that is there by now was written before its signal, which this shell swallowed: nothing runs.
 *    From that look on the subshell has no trap, so a later signal ends it. `cd` and the shell leave variables behind
 *    that are not the command's. Only the subshell goes to the front of those that are killed when memory is gone: the wrapper is to
 *    write down how it ended.
 * 4. The status over the room made in `exit`: opened without truncating, so that a full disk cannot refuse it.
 *
 * The variables it sets are in `reservedNames`, so a command's environment cannot hold them.
 */
const fenceText = `trap : TERM INT HUP
stamp() { echo "$$ \${20}"; }
read -r farhand_stat </proc/self/stat
set -C
exec 3>started || exit 1
set +C
stamp \${farhand_stat##*) } >&3
exec 3>&-
`;
function toCommandText({ oomScoreAdj }: JobStanding): string {
  const yieldText = oomScoreAdj === null ? '' : `\n  { echo ${oomScoreAdj} >/proc/self/oom_score_adj; } 2>/dev/null`;
  return `(
  [ -e intent.json ] && exit 143${yieldText}
  cd -- "$1" || exit 126
  unset OLDPWD SHLVL
  shift
  exec "$@"
) </dev/null`;
}

const exitText = `set -- "$?"
[ -e intent.json ] && set -- "$1 i"
echo "$1" 1<>exit
`;

function toPlainText(commandText: string, file: CommandOutput['file']): string {
  return `${fenceText}${commandText} >>${file} 2>&1\n${exitText}`;
}

/**
 * The same with a sink (`sink.ts`) between the command and its log. The shell waits for the left side, which is the wrapper proper
 * and no more than a fork away from it, and not for the sink, which it leaves in the background: a process that keeps the output
 * open cannot hold up the end. First three arguments: text, limit and file of the sink.
 */
function toSinkedText(commandText: string): string {
  return `${fenceText}farhand_sink=$1 farhand_blocks=$2 farhand_log=$3
shift 3
{
  trap : TERM INT HUP
  ${commandText} 2>&1
  ${exitText}} | {
  trap '' TERM INT HUP
  PATH=/usr/bin:/bin:/usr/local/bin\${PATH+:$PATH} FARHAND_SINK=1
  export PATH FARHAND_SINK
  exec 4<&0
  if command -v setsid >/dev/null; then set -- setsid; else set --; fi
  "$@" sh -c "$farhand_sink" farhand-sink "$farhand_blocks" "$farhand_log" <&4 4<&- &
}
`;
}

/** Another user's command must not have the log itself: who may write to a file may also cut it. */
export function hasSink({ output, runAs }: Pick<PreparedCommand, 'output' | 'runAs'>): boolean {
  return (output?.limitBytes ?? null) !== null || runAs !== undefined;
}

/** Arguments for a POSIX shell started in the attempt's folder. The text goes by `-c`: as fast as a file, and nothing to install. */
export function toWrapperArguments(command: PreparedCommand, standing: JobStanding): readonly string[] {
  const { argv, workingDirectory, environment, output } = command;
  const [program, ...rest] = argv;
  // The shell looks the name up as we did, but not without a PATH, and would take a leading `-` for its own option.
  const certain =
    program.startsWith('-') || environment['PATH'] === undefined
      ? (findProgram(program, { path: environment['PATH'], workingDirectory }) ?? program)
      : program;
  const words = ['farhand', workingDirectory, certain, ...rest];
  const file = output?.file ?? 'raw';
  const limitBytes = output?.limitBytes ?? null;
  const commandText = toCommandText(standing);
  if (!hasSink(command)) return ['-c', toPlainText(commandText, file), ...words];
  const [name = '', ...others] = words;
  return ['-c', toSinkedText(commandText), name, sinkText, toBlocks(limitBytes), file, ...others];
}
