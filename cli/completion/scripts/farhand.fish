# Completions of farhand for fish. In ~/.config/fish/config.fish: farhand completion fish | source
# Or once: farhand completion fish > ~/.config/fish/completions/farhand.fish

function __farhand_complete
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)
    set -l program $tokens[1]
    set -e tokens[1]
    set -l lines ($program complete -- $tokens "$current" 2>/dev/null)
    test (count $lines) -gt 0; or return
    set -l kind $lines[1]
    set -e lines[1]
    switch $kind
        case files
            __fish_complete_path $current
        case folders
            __fish_complete_directories $current
        case '*'
            test (count $lines) -gt 0; and printf '%s\n' $lines
    end
end

complete -c farhand -f -a '(__farhand_complete)'
