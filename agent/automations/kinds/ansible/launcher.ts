import { shellQuote } from '../../../shell-quote.ts';

/** What the launcher is told, beside the arguments of `ansible-playbook`. Names of variables hold capitals, digits and `_`. */
export interface LauncherOptions {
  /** Variable with the private key, or null. */
  readonly keyVariable: string | null;
  /** Variable with what opens the private key, or null. */
  readonly passphraseVariable: string | null;
  /** ssh asks for a password, and gets it from `passwordAsker`. */
  readonly asksPassword: boolean;
  /** There are no hosts but the agent's own machine. */
  readonly isLocal: boolean;
  /** Programs in the attempt's folder that print a secret. */
  readonly askers: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** For the hosts only, and not for what ssh jumps over on the way to them, as a configuration would be. */
  readonly sshOptions: Readonly<Record<string, string>>;
}

/** Files in the attempt's folder. */
export const launcherFileName = 'ansible-run';
export const sshConfigFileName = 'ssh-config';
export const passwordAsker = 'ask-password';
export const passphraseAsker = 'ask-passphrase';
/** The outputs plugin makes it when no play found a host. */
export const nothingMatchedFileName = 'nothing-matched';
/** The launcher says there why it gave up. */
export const failureFileName = 'failure';

/** Exit status of a run that found no host. Ansible itself has no 3. */
const nothingMatchedStatus = 3;

/**
 * A program that prints one secret: where the secret stands, and not the secret. `printf` is a builtin, so it is in no argument.
 * `once`: it answers one time, because ssh-add asks for a passphrase that was wrong for ever.
 */
export function toAsker(variable: string, { once }: { readonly once: boolean }): string {
  const guard = once ? `[ ! -e "$0.used" ] && : >"$0.used" || exit 1\n` : '';
  return `#!/bin/sh\n${guard}printf '%s\\n' "$${variable}"\n`;
}

/**
 * Ends what Ansible leaves behind. The master of a shared ssh connection is in a session of its own, and writes its title over its
 * environment: neither the process group nor the attempt's id leads to it. So this program waits at a pipe whose other end is open for
 * as long as the launcher lives, however that ends, then tells every master to exit, and removes the folder of the sockets. It is itself
 * in no group and carries no id, or a KILL to the job's tree would take it along; it lives only moments longer than the launcher. It
 * ignores a TERM, and so do the programs that it starts.
 */
const cleanerText = `read -r status || status=137
bound=
if command -v timeout >/dev/null; then bound='timeout -s KILL 5'; fi
for again in 1 2; do
  for socket in "$1"/mux-*; do
    if [ -S "$socket" ]; then $bound ssh -F none -o ControlPath="$socket" -O exit farhand; fi
  done
done
rm -rf -- "$1"
exit "$status"`;

/** Starts an agent of ssh that only this job can reach, in the job's process group, and gives it the key: the key is in no file. */
function toKeyText(keyVariable: string, passphraseVariable: string | null): string {
  const ask =
    passphraseVariable === null
      ? ''
      : `SSH_ASKPASS="$folder/${passphraseAsker}" SSH_ASKPASS_REQUIRE=force DISPLAY=none `;
  return `  ssh-agent -D -a "$run/agent" </dev/null >/dev/null 2>&1 9>&- &
  keeper=$!
  export SSH_AUTH_SOCK="$run/agent"
  until ssh-add -l >/dev/null 2>&1; [ "$?" != 2 ]; do
    kill -0 "$keeper" 2>/dev/null || { fault 'ssh-agent did not start'; return 1; }
    sleep 0.02
  done
  printf '%s\\n' "$${keyVariable}" | tr -d '\\r' | ${ask}ssh-add -q - 9>&- || {
    fault 'the private key in the secret of the job cannot be used: ssh-add says why. Give the whole file of the key${
      passphraseVariable === null
        ? ', without a passphrase (or name its secret in privateKeyPassphraseSecret)'
        : ', and its passphrase'
    }'
    return 1
  }
  ssh-add -L >"$run/key.pub" || return 1
  unset ${keyVariable}${passphraseVariable === null ? '' : ` ${passphraseVariable}`}
  printf 'IdentityAgent "%s"\\nIdentityFile "%s"\\n' "$run/agent" "$run/key.pub" >>"$run/ssh-config"
`;
}

/** A user without a home (`nobody`) has no place for modules: Ansible would call the agent's own machine unreachable. */
const localText = `  [ -d "\${HOME:-/}" ] || [ -n "\${ANSIBLE_REMOTE_TMP-}" ] || export ANSIBLE_REMOTE_TMP="$run/modules"
`;

function toAskersText(askers: readonly string[]): string {
  if (askers.length === 0) return '';
  return `  for asker in ${askers.join(' ')}; do
    [ -x "$folder/$asker" ] && continue
    fault "programs cannot be run in $folder (is it on a file system with noexec?), and passwords are handed over by one: put FARHAND_DATA elsewhere"
    return 1
  done
`;
}

/**
 * A POSIX shell script that runs `ansible-playbook`: arguments are the attempt's folder, then those of `ansible-playbook`. Holds no
 * secret. The paths of sockets must be short, so they are in a folder of their own, in memory where there is `/dev/shm`; what Ansible
 * renders for a moment (templates with secrets in them) goes there too. Its exit status is that of `ansible-playbook`.
 */
export function toLauncher(options: LauncherOptions): string {
  const { keyVariable, passphraseVariable, asksPassword, isLocal, askers, environment } = options;
  const sshOptions = Object.entries(options.sshOptions)
    .map(([name, value]) => ` -o ${shellQuote(`${name}=${value}`)}`)
    .join('');
  const auth = asksPassword
    ? '-o NumberOfPasswordPrompts=1 -o PreferredAuthentications=publickey,keyboard-interactive,password -o PasswordAuthentication=yes -o KbdInteractiveAuthentication=yes'
    : '-o BatchMode=yes';
  const settings = [...environment].map(([name, value]) => `export ${name}=${shellQuote(value)}\n`).join('');
  return `folder=$1
shift
umask 077
stopped=
trap 'stopped=1' TERM INT HUP

# The agent finds the text in the file and tells it with the status.
fault() {
  printf '%s\\n' "farhand: $1" >&2
  printf '%s' "$1" >"$folder/${failureFileName}"
}

run=
for place in /dev/shm /tmp "\${TMPDIR:-/tmp}"; do
  # Whatever comes meanwhile, what is made is known here.
  run=$(trap '' TERM INT HUP; mktemp -d "$place/farhand-XXXXXXXX" 2>/dev/null) && break
done
[ -n "$run" ] || { fault 'expected to be able to make a folder in /dev/shm or /tmp, could not'; exit 1; }

play() {
  cat "$folder/${sshConfigFileName}" >"$run/ssh-config" || return 1
${toAskersText(askers)}${keyVariable === null ? '' : toKeyText(keyVariable, passphraseVariable)}
  case \${LC_ALL:-\${LC_CTYPE:-\${LANG:-}}} in
    *UTF-8 | *utf-8 | *UTF8 | *utf8) ;;
    *) export LC_ALL=C.UTF-8 ;;
  esac
${settings}  export ANSIBLE_HOME="$run/home" ANSIBLE_LOCAL_TEMP="$run/tmp"
${isLocal ? localText : ''}  options=${shellQuote(sshOptions)}
  export ANSIBLE_SSH_ARGS="-F $run/ssh-config -o StrictHostKeyChecking=yes ${auth} -o ControlMaster=auto -o ControlPersist=60s -o ControlPath=$run/mux-%C$options"
${asksPassword ? `  export SSH_ASKPASS="$folder/${passwordAsker}" SSH_ASKPASS_REQUIRE=force DISPLAY=none ANSIBLE_SFTP_BATCH_MODE=False\n` : ''}  [ -z "$stopped" ] || return 143
  ansible-playbook "$@" 9>&-
  status=$?
  if [ "$status" = 0 ] && [ -e "$folder/${nothingMatchedFileName}" ]; then
    fault 'no play found a host to work on, so nothing was done: compare "hosts" of the automation and of the plays'
    return ${nothingMatchedStatus}
  fi
  return "$status"
}

if command -v setsid >/dev/null; then apart=setsid; else apart=; fi
exec 8>&1
{
  # A subshell does not keep the traps of its parent.
  trap 'stopped=1' TERM INT HUP
  exec 9>&1 >&8 8>&-
  keeper=
  play "$@"
  status=$?
  if [ -n "$keeper" ]; then
    kill "$keeper" 2>/dev/null
    wait "$keeper"
  fi
  echo "$status" >&9
} | {
  trap '' TERM INT HUP
  exec env -i PATH="$PATH" $apart sh -c ${shellQuote(cleanerText)} farhand-cleaner "$run" 8>&- >/dev/null 2>&1
}
status=$?
# A TERM may have come before the cleaner stood apart, and then nobody has removed it.
rm -rf -- "$run"
exit "$status"
`;
}
