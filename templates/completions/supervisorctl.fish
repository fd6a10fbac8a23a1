# Completion of supervisorctl for fish. Process names come from the daemon.

# Before the cursor: `__supervisorctl_scan options` prints the options that have a value with it,
# `__supervisorctl_scan action` the action; it fails if there is none yet.
function __supervisorctl_scan
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l options
    set -l index 2
    while test $index -le (count $words)
        set -l word $words[$index]
        switch $word
            case @VALUED@
                set index (math $index + 1)
                set --append options $word $words[$index]
            case '--*=*'
                set --append options $word
            case '-*'
            case '*'
                test $argv = options; or echo $word
                break
        end
        set index (math $index + 1)
    end
    test $argv = options; and string join \n -- $options
    test $index -le (count $words)
end

function __supervisorctl_acts
    set -l action (__supervisorctl_scan action); and contains -- $action $argv
end

# Processes, their groups and `all`. supervisorctl would read a password from standard input.
function __supervisorctl_names
    set -l processes (supervisorctl (__supervisorctl_scan options) status </dev/null 2>/dev/null |
        string match --regex --groups-only '^(\S+)\s+(?:STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)\b')
    string join \n -- $processes
    string replace --filter --regex ':.*' ':*' -- $processes
    echo all
end

complete -c supervisorctl -f
@COMPLETE@
complete -c supervisorctl -n '__supervisorctl_acts @NAMING@' -a '(__supervisorctl_names)'
complete -c supervisorctl -n '__supervisorctl_acts help' -a '@ACTIONS@'
