/**
 * What runs a command in the neighbour container: POSIX shell (dash, busybox ash, bash as `sh`) out of builtins only, because nothing else is sure to be in an image. It is the
 * container's first process, so its end is the end of all that it started. Arguments: the shared folder, the folder in memory, and the file that the platform
 * shows as the container's last words, which may be missing.
 *
 * 1. It opens the pipes, both ways, so that neither waits for the other side, and says that it is here.
 * 2. It waits for `start`; for `leave` or a TERM it ends. What reads the pipe is a process of its own, because a shell that reads takes no signal.
 * 3. The fence, as on a host.
 * 4. Orders become signals: as the first process to all others, else (in a test) to its group.
 * 5. The command, in the background, because a shell takes no signal while a command in the foreground runs. TERM to the container goes on to all of it; one that
 *    came before there was a command keeps it from starting.
 * 6. The exit record, then the last words, then KILL for what is left. Both say what `neighbour-end.ts` reads: the status, and the marks ` i` (the runner had
 *    asked for the end), ` t` (the platform told it to end) and ` m` (the kernel killed something of the container for its memory, which the shell
 *    survives where only one process is killed).
 * 7. It lets go of `alive`, so the command counts as gone, and waits for `leave` or a TERM: a pod whose containers have ended is taken from its runner within
 *    the grace of the pod, delivered or not. That takes a day at most for the runner; where it cannot even start any more, the wait ends an hour later, if the
 *    shell knows time-outs, as the one that runners bring does. In a test, where it is not the first process, the KILL was its own.
 */
export const neighbourWrapperText = `cd -- "$1" || exit 125
farhand_shared=$1 farhand_memory=$2 farhand_words=$3 farhand_marks= farhand_told= farhand_caught= farhand_kills=0
exec 4<>orders 5<>alive || exit 125
: >here || exit 125
[ -e leave ] && exit 125
farhand_end() {
  if [ "$$" = 1 ]; then kill -s "$1" -- -1; else kill -s "$1" -- "-$$"; fi
} 2>/dev/null
farhand_count() {
  farhand_kills=0
  for farhand_file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "$farhand_file" ] || continue
    while read -r farhand_key farhand_value; do
      [ "$farhand_key" != oom_kill ] || farhand_kills=$farhand_value
    done <"$farhand_file"
  done
}
(read -r farhand_order && [ "$farhand_order" = start ]) <&4 5>&- &
farhand_reader=$!
trap 'kill "$farhand_reader" 2>/dev/null; exit 143' TERM INT HUP
wait "$farhand_reader" || exit 125
trap 'trap : TERM INT HUP; farhand_told=" t" farhand_caught=1; farhand_end TERM' TERM INT HUP
read -r farhand_attempt <attempt || exit 125
cd -- "attempts/$farhand_attempt" || exit 125
set -C
exec 3>started || exit 125
set +C
echo "$$ " >&3
exec 3>&-
(
  trap '' TERM INT HUP
  while read -r farhand_order; do
    case $farhand_order in
      term) farhand_end TERM ;;
      kill) farhand_end KILL ;;
    esac
  done
) <&4 4<&- 5>&- &
farhand_count
farhand_before=$farhand_kills
(
  trap - TERM INT HUP
  [ -e intent.json ] || [ -n "$farhand_told" ] && exit 143
  . "$farhand_memory/go" || exit 126
  unset OLDPWD SHLVL farhand_shared farhand_memory farhand_words farhand_marks farhand_told farhand_caught farhand_reader farhand_attempt
  unset farhand_kills farhand_before farhand_file farhand_key farhand_value
  exec "$@"
) </dev/null >>raw 2>&1 4<&- 5>&- &
farhand_command=$!
wait "$farhand_command"
farhand_status=$?
while [ -n "$farhand_caught" ]; do
  farhand_caught=
  wait "$farhand_command"
  set -- "$?"
  [ "$1" = 127 ] || farhand_status=$1
done
[ -e intent.json ] && farhand_marks=" i"
farhand_marks=$farhand_marks$farhand_told
farhand_count
[ "$farhand_kills" = "$farhand_before" ] || farhand_marks="$farhand_marks m"
echo "$farhand_status$farhand_marks" 1<>exit
[ -w "$farhand_words" ] && echo "farhand: ended $farhand_status$farhand_marks" >"$farhand_words"
farhand_end KILL
exec 5>&-
farhand_bound='-t 90000'
(read -r -t 1 farhand_order) </dev/null 2>/dev/null
[ "$?" -lt 2 ] || farhand_bound=
(while read -r $farhand_bound farhand_order && [ "$farhand_order" != leave ]; do :; done) <&4 &
farhand_reader=$!
trap 'exit "$farhand_status"' TERM INT HUP
[ -n "$farhand_told" ] || [ -e "$farhand_shared/leave" ] || wait "$farhand_reader"
exit "$farhand_status"
`;
