import type { PreparedCommand, RunAs } from '../../automations/prepared-command.ts';
import { findProgram } from './find-program.ts';

/**
 * Makes the output's pipe the user's before it becomes that user: what opens `/dev/stdout` or `/dev/stderr` by its name would be
 * refused otherwise. Arguments: chown, the user's id, what to go on with.
 */
const handOverText = `[ -z "$1" ] || "$1" "$2" /proc/self/fd/1 2>/dev/null
shift 2
exec "$@"`;

/** Variables by which a program loads or runs something else. The agent's own programs would obey them, as root. */
export const steeringNames =
  /^(LD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|RESOLV_HOST_CONF|ENV|BASH_ENV)$/;

/**
 * The same command as the user, run by root: with all the groups of that user, and without ways to more (`no_new_privs`: a setuid
 * program has no effect). Null where the system has no program for that.
 */
export function toRunAsArguments(
  { argv, environment, workingDirectory }: PreparedCommand,
  { user }: RunAs,
  shell: string,
): readonly [string, ...string[]] | null {
  const find = (program: string) => findProgram(program, { path: undefined, workingDirectory: '/' });
  const setpriv = find('setpriv');
  if (setpriv === null) return null;
  const privileges = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--no-new-privs', '--'];
  const handOver = [shell, '-c', handOverText, 'farhand', find('chown') ?? '', String(user.uid)] as const;
  const [program, ...rest] = argv;
  // Without a PATH it would be looked up in another one than ours.
  const certain =
    environment['PATH'] === undefined
      ? (findProgram(program, { path: undefined, workingDirectory }) ?? program)
      : program;
  return [...handOver, setpriv, ...privileges, certain, ...rest];
}
