#compdef farhand
# Completions of farhand for zsh. In ~/.zshrc, behind compinit: eval "$(farhand completion zsh)"
# Or as a file in a folder of $fpath: farhand completion zsh > _farhand

_farhand() {
  local -a lines described
  local line value
  lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case ${lines[1]} in
    files | folders)
      compset -P '*='
      if [[ ${lines[1]} == folders ]]; then _files -/; else _files; fi
      ;;
    values | prefixes)
      for line in "${(@)lines[2,-1]}"; do
        value=${line%%$'\t'*}
        [[ -n $value ]] || continue
        if [[ $line == *$'\t'* ]]; then
          described+=("${value//:/\\:}:${line#*$'\t'}")
        else
          described+=("${value//:/\\:}")
        fi
      done
      if [[ ${lines[1]} == prefixes ]]; then
        _describe -V farhand described -S ''
      else
        _describe -V farhand described
      fi
      ;;
  esac
}

if [[ ${funcstack[1]} == _farhand ]]; then
  _farhand "$@"
else
  compdef _farhand farhand
fi
