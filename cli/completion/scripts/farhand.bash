# Completions of farhand for bash 4 and newer. In ~/.bashrc: eval "$(farhand completion bash)"

_farhand() {
  # Bash cuts words at = and :, and the program does not. Put together again what has no blank between it.
  local -a words=()
  local rest=${COMP_LINE:0:COMP_POINT} word index
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if ((index == 0)) || [[ $rest == [[:space:]]* ]]; then
      words+=("")
      rest=${rest#"${rest%%[![:space:]]*}"}
    fi
    # The cursor may stand within the last word.
    if ((index == COMP_CWORD)); then word=$rest; fi
    words[${#words[@]} - 1]+=$word
    rest=${rest#"$word"}
  done

  local current=${words[${#words[@]} - 1]} line kind
  local -a lines
  mapfile -t lines < <("${words[0]/#\~/$HOME}" complete -- "${words[@]:1}" 2>/dev/null)
  kind=${lines[0]-}

  # What bash replaces begins behind the last = or :, if it cuts there.
  local tail=$current cut=""
  if [[ $COMP_WORDBREAKS == *=* ]]; then tail=${tail##*=}; fi
  if [[ $COMP_WORDBREAKS == *:* ]]; then tail=${tail##*:}; fi
  cut=${current%"$tail"}

  COMPREPLY=()
  case $kind in
    files | folders)
      compopt -o filenames 2>/dev/null
      if [[ $kind == folders ]]; then mapfile -t COMPREPLY < <(compgen -d -- "$tail"); else mapfile -t COMPREPLY < <(compgen -f -- "$tail"); fi
      ;;
    values | prefixes)
      if [[ $kind == prefixes ]]; then compopt -o nospace 2>/dev/null; fi
      for line in "${lines[@]:1}"; do
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"$cut"}")
      done
      ;;
  esac
}

complete -F _farhand farhand
