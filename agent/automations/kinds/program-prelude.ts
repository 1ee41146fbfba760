/**
 * How the programs of kinds begin that run several steps: POSIX shell, the same text for every job. What varies comes in as arguments and files,
 * and is only ever expanded between quotes.
 *
 * A TERM goes to the whole group: the step at work ends in its own way (a lock is given back, a half-built machine is removed), this shell
 * waits for that and begins no other step. Its name for a stop is 143, which is what it would have ended with.
 */
export const programPrelude = `set -u
umask 077
unset CDPATH
folder=$PWD
stopped=
trap 'stopped=1' TERM INT HUP

# Status and text. The agent finds the text in the file and tells it with the status.
fail() {
  printf '%s\\n' "farhand: $2" >&2
  printf '%s' "$2" >"$folder/failure"
  exit "$1"
}

unless_stopped() {
  [ -z "$stopped" ] || exit 143
}

# Percent, words (of ours: no quoting), then the command. Its status is in $status.
step() {
  unless_stopped
  [ -z "\${FARHAND_PROGRESS-}" ] || printf '{"percent": %s, "message": "%s"}\\n' "$1" "$2" >>"$FARHAND_PROGRESS"
  shift 2
  "$@"
  status=$?
  unless_stopped
}

must() {
  [ "$status" = 0 ] || fail "$status" "$1"
}

# A folder of the author's into one of this attempt's, so that nothing is written into the first. Links are followed: in a mounted
# ConfigMap every file is one.
copy_source() {
  [ -d "$1" ] || fail 1 "the key source: expected a folder, $1 is none"
  [ -r "$1" ] && [ -x "$1" ] || fail 1 "the key source: $(id -un) may not read $1: let that user read it"
  mkdir -p "$2" || fail 1 "the copy of source cannot be made"
  for entry in "$1"/* "$1"/.[!.]*; do
    [ -e "$entry" ] || continue
    case \${entry##*/} in .git | .terraform | packer_cache) continue ;; esac
    cp -RL "$entry" "$2/" || fail 1 "source cannot be copied: see the log"
  done
  unless_stopped
}
`;
